/**
 * Side-by-side measurements. What is compared runs in the same minutes on the same machine, in turns, so that its ratios mean
 * something where the machine is noisy.
 *   bun run bench ingest [--store disk|s3] [--mb 1.1|6] [--concurrency 1,8,32] [--rounds 5] [--save]
 *   bun run bench direct [--store disk|s3] [--mb 1.1|6] [--concurrency 1,8,32] [--rounds 3] [--mbit 20,none] [--save]
 *   bun run bench sign [--rounds 5] [--store disk|s3] [--save]
 *   bun run bench api [--only doors|lists] [--concurrency 16] [--products 1000000] [--save]
 *   bun run bench layers [--mb 1.1|6] [--rounds 5] [--save]
 *   bun run bench queue [--products 100000] [--rounds 9] [--save]
 *   bun run bench prepare [--mb 1.1|6] [--rounds 5] [--save]
 *   bun run bench events [--sockets 500] [--idle 4000] [--save]
 *   bun run bench audit [--objects 1000000] [--save]
 *   bun run bench backup [--products 1000000] [--save]
 * `--save` writes the tables into docs/performance.md.
 */
import { benchApi } from './api/api';
import { benchAudit } from './audit/audit';
import { benchBackup } from './backup/backup';
import { benchDirect } from './direct/direct';
import { benchEvents } from './events/events';
import { benchIngest } from './ingest/ingest';
import { benchLayers } from './ingest/layers';
import { benchPrepare } from './prepare/prepare';
import { benchQueue } from './queue/queue';
import { benchSign } from './sign/sign';

const BENCHES: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  ingest: benchIngest,
  direct: benchDirect,
  sign: benchSign,
  api: benchApi,
  layers: benchLayers,
  prepare: benchPrepare,
  queue: benchQueue,
  events: benchEvents,
  audit: benchAudit,
  backup: benchBackup,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!bench) {
  console.error(`usage: bun run bench <${Object.keys(BENCHES).join('|')}> [options]`);
  process.exit(2);
}
await bench(args);
// servers that tests/support started end with this process
process.exit(0);
