/**
 * A backup in a process of its own, so that its memory can be told: `bun bench/backup/process.ts <command|clock> <folder> <pictures>
 * [<first new image>]`; DATABASE_URL. The command collects its garbage; by the clock it is made in a server, which does not.
 */
import { join } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import { backupParts, codecOf } from '../../src/modules/backup';
import type { BackupRun } from '../../src/modules/backup/domain/create-ports';
import { storageModule } from '../../src/modules/storage';
import { collectGarbage } from '../../src/platform/collect-garbage';
import { Database } from '../../src/platform/database/database';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { ProcessCost } from '../servers/process-cost';
import { contentOf } from './rows';

const [how = '', folder = '', pictures = '', newFrom = 'Infinity'] = process.argv.slice(2);
const log = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error };
const limits = { poolSize: 4, statementTimeoutMs: 60_000, lockTimeoutMs: 5000, connectTimeoutMs: 5000 };
const database = new Database({ url: process.env.DATABASE_URL ?? '', ...limits }, log);
const staging = await openStagingArea(join(folder, 'staging'), log);
const storage = storageModule({
  orm: database.orm,
  staging,
  log,
  measure: (store) => store,
  s3: null,
  disk: { dataDir: folder, publicUrl: () => 'http://bench.invalid', secret: 'secret of the bench' },
  formerBuckets: [],
  longestUrlSeconds: 3600,
  intentTtlSeconds: 120,
  putMaxDurationSeconds: 3600,
  onHold: async () => false,
});
const target = storage.openOther({ folder: join(folder, 'backups'), bucket: 'intellipost-backups' });
await target.prepare();
const counts: Record<string, number> = {};
const run: BackupRun = {
  signal: new AbortController().signal,
  count: (what, by = 1) => {
    counts[what] = (counts[what] ?? 0) + by;
  },
};
let calls = 0;
const { manifest } = await backupParts({
  database,
  log,
  staging,
  source: {
    bucket: 'intellipost-images',
    get: async (key) =>
      new Blob([
        contentOf(imageOf(key), imageOf(key) < Number(newFrom) ? Number(pictures) : Number.MAX_SAFE_INTEGER),
      ]).stream() as ReadableStream<Uint8Array>,
    head: async () => null,
    check: async () => undefined,
  },
  pins: storage.pins,
  target,
  codec: await codecOf(null),
  lastPrunedAt: async () => null,
  runTask: async (_task, _options, work) => await work(run),
  version: 'bench',
  config: {
    leaseSeconds: 300,
    lanes: 8,
    policy: { daily: 7, weekly: 4, monthly: 12 },
    maxShare: 1,
    maxDays: 3660,
    segmentBytes: 64 * 2 ** 20,
  },
}).create({
  onProgress: () => {
    calls += 1;
    if (how === 'command' && calls % 500 === 0) collectGarbage(); // as the command does
  },
});
const peakBytes = await new ProcessCost(process.pid).peakBytes();
await staging.close();
await database.close();
console.log(JSON.stringify({ counts, seconds: manifest?.seconds, peakBytes }));
process.exit(0);

function imageOf(key: ObjectKey): number {
  return Number(key.split('/')[3]);
}
