import { parseArgs } from 'node:util';
import { callerFactory } from '../../src/platform/http/procedures';
import { aUser } from '../../tests/support/products-fixture';
import { requestContext } from '../../tests/support/request-context';
import { startTestServer, type TestServer } from '../../tests/support/server';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { fillQueue, putAllBack } from './fill-queue';

/** A turn takes at most so many products from each queue: half of the short one. */
const MOST_A_TURN = 500;
const CLAIMS_A_TURN = 100;
const WORKERS = 4;
const SHORT = 1000;

interface Queue {
  readonly server: TestServer;
  readonly length: number;
  claim(max: number): Promise<number>;
}

/** Products claimed a second, from a short queue and a long one in turns. */
export async function benchQueue(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      products: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '9' },
      save: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const queues = [await aQueue(SHORT), await aQueue(Number(values.products))] as const;
  const rows: string[][] = [];
  for (const max of [1, 10, 50]) rows.push([`${max} at a time`, ...(await inTurns(queues, max, rounds))]);
  const lengths = queues.map(({ length }) => `products/s, queue of ${length.toLocaleString('en')}`);
  const summary = `\`bun run bench queue\`, ${WORKERS} workers, median of ${rounds} rounds; ${machine()}`;
  const text = `${summary}.\n\n${table(['claims', ...lengths, 'times slower'], rows)}`;
  console.log(text);
  if (values.save) await saveOnPage('queue', text);
  for (const { server } of queues) await server.stop();
}

async function aQueue(length: number): Promise<Queue> {
  const server = await startTestServer();
  await fillQueue(server.db.url, length);
  const { work } = callerFactory(server.container.router)(requestContext(await aUser(server.db, 'worker')));
  return {
    server,
    length,
    async claim(max) {
      const { jobs } = await work.claim({ phase: 'processing', worker: 'bench', max, lease_seconds: 600 });
      return jobs.length;
    },
  };
}

/** The first round is for the compiler and the caches. @returns products a second of each, and how much slower the second is */
async function inTurns([few, many]: readonly [Queue, Queue], max: number, rounds: number): Promise<string[]> {
  const rates = { few: [] as number[], many: [] as number[] };
  const ratios: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    // who comes first changes: what one turn leaves to do does not always fall on the same other
    const order = round % 2 === 0 ? ([few, many] as const) : ([many, few] as const);
    const rate = new Map<Queue, number>();
    for (const queue of order) rate.set(queue, await ratePerSecond(queue, max));
    if (round < 0) continue;
    const [a, b] = [rate.get(few) ?? Number.NaN, rate.get(many) ?? Number.NaN];
    rates.few.push(a);
    rates.many.push(b);
    ratios.push(a / b);
  }
  return [short(median(rates.few)), short(median(rates.many)), short(median(ratios))];
}

async function ratePerSecond(queue: Queue, max: number): Promise<number> {
  const products = Math.min(MOST_A_TURN, CLAIMS_A_TURN * max);
  let left = products;
  const startedAt = performance.now();
  const work = async () => {
    while (left > 0) {
      left -= max;
      if ((await queue.claim(max)) === 0) throw new Error('the queue has run empty');
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  const rate = products / ((performance.now() - startedAt) / 1000);
  await putAllBack(queue.server.db.url);
  return rate;
}
