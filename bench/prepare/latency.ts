import { median, percentile } from '../report/statistics';
import { short, table } from '../report/table';
import type { Ground } from './prepare';
import { aim, type Section } from './section';

const PRODUCTS = 24;
const CONCURRENCY = 4;
/** p95 beside a decoder at work, in terms of p95 alone. */
const AIM = 1.5;

/** Uploads while the queue is full and worked on, and while nothing at all is decoded. */
export async function besideUploads(ground: Ground): Promise<Section> {
  const { rounds } = ground;
  const [empty, full]: [Burst[], Burst[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    const alone = await whileIdle(ground);
    const beside = await whileFull(ground);
    if (round < 0) continue;
    empty.push(alone);
    full.push(beside);
  }
  const p95 = (of: readonly Burst[]) => median(of.map((burst) => burst.p95));
  const row = (name: string, of: readonly Burst[]) => [
    name,
    short(median(of.map(({ p50 }) => p50))),
    short(p95(of)),
    short(p95(of) / p95(empty)),
  ];
  const head = [`uploads, ${CONCURRENCY} at once, 8 photos each`, 'p50 ms', 'p95 ms', 'p95, of empty'];
  const ratio = p95(full) / p95(empty);
  return {
    text: table(head, [row('nothing decoded', empty), row('queue full, one decoder at work', full)]),
    missed: aim(ratio <= AIM, `p95 beside a decoder is ${short(ratio)} times that alone; the aim is ${AIM}`),
  };
}

interface Burst {
  readonly p50: number;
  readonly p95: number;
}

/** What these uploads queue waits: a commit wakes the worker, which would decode beside them at once. */
async function whileIdle(ground: Ground): Promise<Burst> {
  const { queue } = ground;
  await queue.clear();
  const before = await queue.prepared();
  const alone = await queue.held(() => burst(ground));
  if ((await queue.prepared()) !== before) throw new Error('something was decoded while nothing was to be');
  await queue.clear();
  return alone;
}

/** More waits than can be worked off during a burst. */
async function whileFull(ground: Ground): Promise<Burst> {
  const { queue, client } = ground;
  await queue.held(() => client.run({ ...uploads(ground), products: PRODUCTS, concurrency: CONCURRENCY }));
  await queue.resume();
  const beside = await burst(ground);
  if ((await queue.waiting()) <= PRODUCTS) throw new Error('the queue was worked off before the burst had ended');
  await queue.clear();
  return beside;
}

async function burst(ground: Ground): Promise<Burst> {
  const { latenciesMs } = await ground.client.run({
    ...uploads(ground),
    products: PRODUCTS,
    concurrency: CONCURRENCY,
  });
  return { p50: percentile(latenciesMs, 0.5), p95: percentile(latenciesMs, 0.95) };
}

function uploads({ app }: Ground) {
  return { kind: 'products', url: `${app.url}/api/products`, sellers: app.sellers } as const;
}
