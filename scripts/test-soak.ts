/**
 * The long form of tests/e2e/soak.test.ts: one server process under mixed load for as long as is said, on 127.0.0.1 alone.
 *   bun run test:soak [--minutes 60]
 * Prints memory, file descriptors and PostgreSQL connections after the warm-up (a fifth of the time, ten minutes at most) as docs/soak.md
 * keeps them. Ends with 1 where one of them grew, or an answer was not the right one.
 */
import { parseArgs } from 'node:util';
import { figuresOf, growthOf, tableOf } from '../tests/soak/figures';
import { soak } from '../tests/soak/soak';
import { runAtExit } from '../tests/support/exit';

const SAMPLE_EVERY_MS = 2_000;

try {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('usage: bun run test:soak [--minutes 60]');
  await run(minutes * 60);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await runAtExit();
}
process.exit();

async function run(seconds: number): Promise<void> {
  const warmUp = Math.min(600, seconds / 5);
  const onSample = ({ at, memoryBytes }: { at: number; memoryBytes: number }) =>
    process.stderr.write(`\r${Math.round(at)} of ${seconds} s, ${Math.round(memoryBytes / 2 ** 20)} MiB `);
  const { samples, done, wrong, atRest, finished } = await soak({ seconds, sampleEveryMs: SAMPLE_EVERY_MS, onSample });
  const figures = figuresOf(samples, warmUp);
  console.log(`\n${seconds} s, of which the first ${warmUp} are left out\n\n${tableOf(figures)}\n`);
  const times = Object.entries(done).map(([name, count]) => `${name} ${count}`);
  console.log(`${times.join(', ')}; products finished by a worker ${finished}`);
  console.log(`at rest: ${Math.round(atRest.memoryBytes / 2 ** 20)} MiB, ${atRest.descriptors} descriptors`);
  const problems = [...growthOf(figures).map((what) => `grew: ${what}`), ...wrong.map((what) => `wrong: ${what}`)];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  console.log('flat');
}
