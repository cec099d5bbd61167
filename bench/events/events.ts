import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { percentile } from '../report/statistics';
import { short, table } from '../report/table';
import { type App, startApp } from '../servers/app';
import { inScratchFolder } from '../servers/scratch';
import { type BenchSeller, benchSellers } from './sellers';
import { Followers } from './sockets';

const JWT_SECRET = 'the secret of this bench, 0123456789 abcdef';
const ARRIVES_WITHIN_MS = 30_000;

interface Load {
  readonly name: string;
  /** Who follows, socket by socket. */
  readonly followers: readonly BenchSeller[];
  /** Whose products the events are of, in turns. */
  readonly sellers: readonly BenchSeller[];
  readonly perSecond: number;
  readonly events: number;
}

interface Bench {
  readonly app: App;
  readonly ownerUrl: string;
}

/** From COMMIT to the socket, and what a socket costs that nothing comes through. */
export async function benchEvents(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sockets: { type: 'string', default: '500' },
      idle: { type: 'string', default: '4000' },
      save: { type: 'boolean', default: false },
    },
  });
  const sockets = Number(values.sockets);
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(folder);
    const database = { DATABASE_URL: postgres.url, MIGRATION_DATABASE_URL: postgres.ownerUrl };
    const app = await startApp(folder, { ...database, JWT_SECRET, FOLLOWERS_PER_SELLER: String(sockets) });
    const bench = { app, ownerUrl: postgres.ownerUrl };
    const sellers = await benchSellers(postgres.ownerUrl, JWT_SECRET, sockets);
    const alone = sellers.slice(0, 1);
    const loads: Load[] = [
      { name: `${sockets} sellers, a socket each`, followers: sellers, sellers, perSecond: 20, events: 1_000 },
      { name: '… a hundred events a second', followers: sellers, sellers, perSecond: 100, events: 3_000 },
      {
        name: `one seller, ${sockets} sockets`,
        followers: sellers.flatMap(() => alone),
        sellers: alone,
        perSecond: 10,
        events: 300,
      },
    ];
    const rows: string[][] = [];
    for (const load of loads) rows.push(await measure(bench, load));
    const idle = await idleBytes(app, alone[0] as BenchSeller, Number(values.idle));
    await app.stop();
    await postgres.release();
    const head = ['', 'events/s', 'messages', 'p50 ms', 'p99 ms', 'most ms'];
    const memory = `Memory of an idle socket, by ${values.idle} of them: ${short(idle / 1024)} KiB.`;
    const text = `\`bun run bench events\`, ${sockets} sockets; ${machine()}.\n\n${table(head, rows)}\n\n${memory}`;
    console.log(text);
    if (values.save) await saveOnPage('events', text);
  });
}

async function measure({ app, ownerUrl }: Bench, load: Load): Promise<string[]> {
  const followers = await Followers.open(load.followers.map(({ token }) => ({ url: app.url, token })));
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  const perEvent = load.followers.length / load.sellers.length;
  // the first ones are for the compiler, and show that every socket has found its place
  await warmUp(client, load, followers);
  const committedAt = await commitEvenly(client, load);
  await until(() => followers.received.length >= load.events * perEvent);
  await client.end();
  const delays = followers.received.map(({ commit, at }) => at - (committedAt[commit] ?? Number.NaN));
  await followers.close();
  const ms = [0.5, 0.99, 1].map((share) => short(percentile(delays, share)));
  return [load.name, String(load.perSecond), String(delays.length), ...ms];
}

async function warmUp(client: Client, { sellers, followers }: Load, { received }: Followers): Promise<void> {
  for (const { productId } of sellers) await client.query("select record_progress($1, 1, '-1')", [productId]);
  await until(() => received.length >= followers.length);
  received.length = 0;
}

/** @returns when each COMMIT was sent */
async function commitEvenly(client: Client, { sellers, perSecond, events }: Load): Promise<number[]> {
  const committedAt: number[] = [];
  const startedAt = performance.now();
  for (let number = 0; number < events; number += 1) {
    await Bun.sleep(Math.max(0, startedAt + (number * 1000) / perSecond - performance.now()));
    await client.query('begin');
    const seller = sellers[(number * 7) % sellers.length] as BenchSeller;
    await client.query('select record_progress($1, 1, $2)', [seller.productId, String(number)]);
    committedAt.push(performance.now());
    await client.query('commit');
  }
  return committedAt;
}

async function idleBytes({ url, cost }: App, { token }: BenchSeller, count: number): Promise<number> {
  const held = async () => {
    await Bun.sleep(2_000);
    await cost.forgetPeak();
    return cost.peakBytes();
  };
  const before = await held();
  const followers = await Followers.open(Array.from({ length: count }, () => ({ url, token })));
  const bytes = ((await held()) - before) / count;
  await followers.close();
  return bytes;
}

async function until(isSo: () => boolean): Promise<void> {
  const endsAt = performance.now() + ARRIVES_WITHIN_MS;
  while (!isSo()) {
    if (performance.now() > endsAt) throw new Error(`not everything came within ${ARRIVES_WITHIN_MS} ms`);
    await Bun.sleep(5);
  }
}
