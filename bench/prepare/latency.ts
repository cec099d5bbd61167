import { median, percentile } from '../report/statistics';
import { short, table } from '../report/table';
import type { Ground } from './prepare';

const PRODUCTS = 24;
const CONCURRENCY = 4;

/** Uploads while the queue is full and worked on, and while nothing is queued. */
export async function besideUploads(ground: Ground): Promise<string> {
  const { queue, rounds } = ground;
  const [empty, full]: [Burst[], Burst[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    await queue.empty();
    // what these uploads queue is forgotten at once, so that nothing is decoded meanwhile
    const alone = await queue.emptied(burst(ground));
    await fill(ground);
    await queue.resume();
    const beside = await burst(ground);
    if ((await queue.waiting()) === 0) throw new Error('the queue was worked off before the burst had ended');
    await queue.empty();
    if (round < 0) continue;
    empty.push(alone);
    full.push(beside);
  }
  const row = (name: string, of: readonly Burst[]) => [
    name,
    short(median(of.map(({ p50 }) => p50))),
    short(median(of.map(({ p95 }) => p95))),
    short(median(of.map(({ p95 }) => p95)) / median(empty.map(({ p95 }) => p95))),
  ];
  const head = [`uploads, ${CONCURRENCY} at once, 8 photos each`, 'p50 ms', 'p95 ms', 'p95, of empty'];
  return table(head, [row('queue empty', empty), row('queue full, one decoder at work', full)]);
}

interface Burst {
  readonly p50: number;
  readonly p95: number;
}

async function burst({ app, client }: Ground): Promise<Burst> {
  const { latenciesMs } = await client.run({
    kind: 'products',
    url: `${app.url}/api/products`,
    headers: app.headers,
    products: PRODUCTS,
    concurrency: CONCURRENCY,
  });
  return { p50: percentile(latenciesMs, 0.5), p95: percentile(latenciesMs, 0.95) };
}

/** More than can be worked off during a burst. */
async function fill({ app, client, queue }: Ground): Promise<void> {
  const job = { kind: 'products', url: `${app.url}/api/products`, headers: app.headers } as const;
  await queue.held(client.run({ ...job, products: PRODUCTS, concurrency: CONCURRENCY }));
  await queue.hold();
}
