import { afterAll, beforeAll, expect, test } from 'bun:test';
import { photo } from '../support/photos';
import { queuedProducts } from '../support/queued-products';
import { aSeller, type SellerClient } from '../support/seller-client';
import { type Environment, startTestServer, type TestServer, until } from '../support/server';
import { ANY_WORKER, aWorkerAccount, startWorker, type WorkerProcess } from '../support/worker-process';

const PRODUCTS = 200;
/** Their photo is not where it should be: every attempt fails, and the worker says so. */
const BROKEN = 10;
const WORKERS = 20;
const KILLS = 25;
const ATTEMPTS = 3;

let server: TestServer;
let seller: SellerClient;
let account: Environment;
let ids: string[];
const workers: WorkerProcess[] = [];

const work = () => startWorker(ANY_WORKER, server.url, { ...account, WORKER_NAME: `w${workers.length}` });

beforeAll(async () => {
  server = await startTestServer({
    PREPARE_CONCURRENCY: '1',
    WORK_MAX_ATTEMPTS: String(ATTEMPTS),
    WORK_RETRY_BASE_SECONDS: '1',
  });
  seller = await aSeller(server);
  account = await aWorkerAccount(server, server.db);
  const response = await seller.upload([await photo()]);
  const { id: like } = (await response.json()) as { id: string };
  const statusOfLike = () =>
    count("select count(*)::int as n from products where id = $1 and status = 'processing'", like);
  await until(statusOfLike, 'the product that others are made of is prepared', 60_000);
  ids = [like, ...(await queuedProducts(server.db, seller, { like, count: PRODUCTS - 1, broken: BROKEN }))];
}, 120_000);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await server.stop();
});

async function count(sql: string, ...values: unknown[]): Promise<number> {
  return (await server.db.sql<{ n: number }>(sql, values))[0]?.n ?? 0;
}

/** Kills somebody at random, whatever he does, and lets another one come. */
async function killOne(): Promise<void> {
  const at = Math.floor(Math.random() * WORKERS);
  await workers[at]?.end('SIGKILL');
  workers[at] = work();
}

const unfinished = () => count("select count(*)::int as n from products where status in ('uploading', 'processing')");

test('of 200 products and 20 workers that are killed at random, every product ends once, as ready or failed with a reason', async () => {
  for (let n = 0; n < WORKERS; n += 1) workers.push(work());
  await until(
    () => count("select count(*)::int as n from work_leases where state = 'completed'"),
    'work has begun',
    60_000,
  );
  for (let n = 0; n < KILLS; n += 1) {
    await killOne();
    await Bun.sleep(Math.random() * 100);
  }
  await until(async () => (await unfinished()) === 0, 'every product has ended', 120_000);

  const products = await server.db.sql<{ id: string; status: string; processing_error: string | null; ends: string[] }>(
    `select p.id, p.status, p.processing_error,
        (select array_agg(h.event order by h.id) from product_status_history h
          where h.product_id = p.id and h.event in ('COMPLETE', 'FAIL', 'RETRY')) as ends
      from products p`,
  );
  expect(products.map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const { status, processing_error, ends } of products) {
    expect(['ready', 'failed']).toContain(status);
    expect(ends).toEqual([status === 'ready' ? 'COMPLETE' : 'FAIL']);
    expect(processing_error === null).toBe(status === 'ready');
  }
  const broken = products.filter(({ id }) => ids.slice(-BROKEN).includes(id));
  for (const { processing_error } of broken)
    expect(processing_error).toMatch(/cannot be fetched|No worker finished it/);

  const leases = await server.db.sql<{ product_id: string; states: string[] }>(
    'select product_id, array_agg(state order by created_at, id) as states from work_leases group by product_id',
  );
  const readyIds = new Set(products.filter(({ status }) => status === 'ready').map(({ id }) => id));
  for (const { product_id, states } of leases) {
    expect(states.length).toBeLessThanOrEqual(ATTEMPTS);
    expect(states).not.toContain('live');
    expect(states.filter((state) => state === 'completed')).toHaveLength(readyIds.has(product_id) ? 1 : 0);
  }
  const lost = leases.flatMap(({ states }) => states).filter((state) => state === 'lost').length;
  // else nobody was killed at work, and nothing was shown
  expect(lost).toBeGreaterThan(0);
  expect(await count('select count(*)::int as n from work_items')).toBe(0);
  console.log(
    `${KILLS} workers killed, ${lost} leases lost, ${readyIds.size} products ready, ${PRODUCTS - readyIds.size} failed`,
  );
}, 240_000);

test('each end was told to the seller once, in numbers without a gap', async () => {
  const events = await server.db.sql<{ number: number; product_id: string; type: string }>(
    'select number::int, product_id, type from product_events where user_id = $1 order by number',
    [seller.userId],
  );
  expect(events.map(({ number }) => number)).toEqual(events.map((_, at) => at + 1));
  const ends = events.filter(({ type }) => type === 'processing_complete' || type === 'error');
  expect(ends.map(({ product_id }) => product_id).sort()).toEqual([...ids].sort());
});

test('what was stored under leases that were lost goes with the sweep', async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGTERM')));
  await server.container.storage.sweep();
  const named = await server.db.sql<{ key: string }>(
    `select distinct substring(url from '^s3://[^/]+/(.*)$') as key from (
      select original_s3_url as url from product_images union select processed_s3_url from product_images
      union select s3_url from image_variants) as named where url is not null and url not like '%.gone'`,
  );
  expect((await server.keys()).sort()).toEqual(named.map(({ key }) => key).sort());
});
