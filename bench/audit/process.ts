/** The audit in a process of its own, so that its memory can be told: `bun bench/audit/process.ts <images> <times>`; DATABASE_URL. */
import { auditTasks } from '../../src/modules/maintenance';
import { collectGarbage } from '../../src/platform/collect-garbage';
import { Database } from '../../src/platform/database/database';
import { ProcessCost } from '../servers/process-cost';
import { BUCKET, listingOf } from './objects';

const [images = 0, times = 1] = process.argv.slice(2).map(Number);
const log = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error };
const database = new Database(
  {
    url: process.env.DATABASE_URL ?? '',
    poolSize: 4,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 5000,
    connectTimeoutMs: 5000,
  },
  log,
);
const notAsked = () => Promise.reject(new Error('everything fits: nothing is to be asked'));
const { audit } = auditTasks({
  database,
  log,
  staging: { open: notAsked },
  store: {
    kind: 's3',
    list: (prefix, after) => listingOf(images, prefix, after),
    head: notAsked,
    get: notAsked,
    copy: notAsked,
    deleteMany: notAsked,
    check: notAsked,
  },
  buckets: [BUCKET],
  namesOf: notAsked,
  config: { minAgeSeconds: 0, maxShare: 0, brakeMin: 0, sampleShare: 0, quarantineTtlSeconds: 0 },
});
const once = () => audit({ mode: 'look', fresh: true, onProgress: collectGarbage }); // as the command does
let { counts, seconds } = await once();
for (let time = 1; time < times; time += 1) ({ counts, seconds } = await once());
const peakBytes = await new ProcessCost(process.pid).peakBytes();
await database.close();
if (counts.objects !== images || counts.rows !== images) throw new Error(`it saw ${JSON.stringify(counts)}`);
console.log(JSON.stringify({ seconds, peakBytes }));
