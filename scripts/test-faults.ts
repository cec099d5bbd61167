/**
 * The long form of tests/faults/crash.test.ts: kills a server under load again and again, at each named point in turn and at random
 * times, and proves after each kill that nothing is lost and nothing left.
 *   bun run test:faults [--kills 200] [--store disk|s3|both] [--seed n]
 * `--kills` of each store. The seed gives the same kills and the same choices; which of several clients is first is the machine's to say.
 * Ends with 1 at the first promise that was not kept. Ctrl-C ends it after the present kill, with its proof and the table until then.
 */
import { parseArgs } from 'node:util';
import { type Killed, startCampaign } from '../tests/faults/crash/campaign';
import { crashPoints } from '../tests/faults/crash/points';
import { openSite, type StoreKind } from '../tests/faults/crash/site';
import { runAtExit } from '../tests/support/exit';

const FIGURES = ['acknowledged', 'lost', 'orphans', 'repeated'] as const satisfies (keyof Killed)[];
type Row = Record<'kills' | (typeof FIGURES)[number], number>;

const AT_RANDOM = 'a random time';

let toldToEnd = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (toldToEnd = true));

try {
  const { kills, stores, seed } = wanted(process.argv.slice(2));
  console.log(`seed ${seed}`);
  for (const store of stores) if (!toldToEnd) await runOn(store, kills, seed);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await runAtExit();
}
process.exit();

function wanted(args: string[]): { kills: number; stores: StoreKind[]; seed: number } {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '200' },
      store: { type: 'string', default: 'both' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const stores = (['disk', 's3'] as const).filter((store) => values.store === store || values.store === 'both');
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  if (stores.length === 0 || !Number.isSafeInteger(kills) || kills < 1 || !Number.isSafeInteger(seed)) {
    throw new Error('usage: bun run test:faults [--kills 200] [--store disk|s3|both] [--seed n]');
  }
  return { kills, stores, seed };
}

async function runOn(store: StoreKind, kills: number, seed: number): Promise<void> {
  const startedAt = performance.now();
  const site = await openSite({ store });
  try {
    const campaign = await startCampaign(site, seed);
    const moments = [...Object.entries(crashPoints(store)), [AT_RANDOM, null] as const];
    const rows = new Map<string, Row>(
      moments.map(([name]) => [name, { kills: 0, acknowledged: 0, lost: 0, orphans: 0, repeated: 0 }]),
    );
    const problems: string[] = [];
    for (let number = 0; number < kills && !toldToEnd; number += 1) {
      const [name, point] = moments[number % moments.length] ?? [AT_RANDOM, null];
      const killed = await campaign.kill(name, point);
      add(rows.get(name), killed);
      problems.push(...killed.problems.map((problem) => `kill ${number + 1}, ${name}: ${problem}`));
      process.stderr.write(`\r${store}: ${number + 1} of ${kills} kills`);
      if (problems.length > 0) break;
    }
    process.stderr.write('\r');
    const end = await campaign.finish();
    print(store, rows, end.products, (performance.now() - startedAt) / 1000);
    if (problems.length + end.problems.length > 0) throw new Error([...problems, ...end.problems].join('\n'));
  } finally {
    await site.stop();
  }
}

function add(row: Row | undefined, killed: Killed): void {
  if (!row) return;
  row.kills += 1;
  for (const figure of FIGURES) row[figure] += killed[figure];
}

/** Markdown, as docs/faults.md keeps it. */
function print(store: StoreKind, rows: ReadonlyMap<string, Row>, products: number, seconds: number): void {
  const line = (name: string, row: Row) =>
    `| ${[name, row.kills, ...FIGURES.map((figure) => row[figure])].join(' | ')} |`;
  const all: Row = { kills: 0, acknowledged: 0, lost: 0, orphans: 0, repeated: 0 };
  for (const row of rows.values()) for (const column of ['kills', ...FIGURES] as const) all[column] += row[column];
  console.log(`
### ${store === 's3' ? 'MinIO' : 'Disk'}

| killed | kills | uploads answered | of them lost | orphans after the sweep | unanswered, sent again |
|---|---|---|---|---|---|
${[...rows].map(([name, row]) => line(name, row)).join('\n')}
${line('in all', all)}

${Math.round(seconds)} s; at the end every byte of the ${products} products that were left was read again.`);
}
