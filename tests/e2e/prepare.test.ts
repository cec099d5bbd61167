import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { photo } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aSeller, type SellerClient } from '../support/seller-client';
import { until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';

// The whole server as a process, with the decoders as processes of its own.

let db: TestDatabase;
let dataDir: string;
let server: ServerProcess;
let seller: SellerClient;

const start = () => startServerProcess({ DATABASE_URL: db.url, DATA_DIR: dataDir, PREPARE_CONCURRENCY: '1' });

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-prepare-'));
  server = await start();
  seller = await aSeller(server);
}, 90_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});

interface Product {
  readonly id: string;
  readonly status: string;
  readonly images: readonly { readonly id: string; readonly thumb_url: string | null }[];
}

async function upload(photos: readonly Buffer[]): Promise<string> {
  const response = await seller.upload(photos);
  expect(response.status).toBe(201);
  return ((await response.json()) as Product).id;
}

async function read(id: string): Promise<Product> {
  const response = await seller.call('GET', `/api/products/${id}`);
  return (await response.json()) as Product;
}

const isIn = (id: string, status: string, withinMs?: number) =>
  until(async () => (await read(id)).status === status, `the product is ${status}`, withinMs);

test('an uploaded product goes on to processing by itself, and its variants are shown by signed URLs', async () => {
  const id = await upload(await Promise.all([1, 2, 3].map((seed) => photo({ seed, width: 2000, height: 1500 }))));
  await isIn(id, 'processing');
  const { images } = await read(id);
  for (const { thumb_url } of images) {
    const response = await fetch(thumb_url ?? '');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(await sharp(await response.bytes()).metadata()).toMatchObject({ format: 'webp', width: 320, height: 240 });
  }
  const asked = await seller.call('POST', `/api/products/${id}/image-urls`, { variant: 'model' });
  const { urls } = (await asked.json()) as { urls: { url: string }[] };
  const model = await sharp(await (await fetch(urls[0]?.url ?? '')).bytes()).metadata();
  expect(model).toMatchObject({ format: 'jpeg', width: 1568, height: 1176 });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/^prepare_duration_seconds_count 3$/m);
  expect(metrics).toMatch(/^prepare_queue\{state="created"\} 0$/m);
});

test('one whose photo is cut off fails with a reason, and the next one goes on', async () => {
  const whole = await photo({ seed: 4 });
  const cut = Buffer.concat([whole.subarray(0, whole.length >> 1), Buffer.from('ffd9', 'hex')]);
  const [bad, good] = [await upload([whole, cut]), await upload([whole])];
  await isIn(bad, 'failed');
  await isIn(good, 'processing');
  const history = (await (await seller.call('GET', `/api/products/${bad}/history`)).json()) as {
    history: { reason: string }[];
  };
  expect(history.history.at(-1)).toMatchObject({ event: 'FAIL', actor: 'system:prepare' } as object);
  expect(history.history.at(-1)?.reason).toMatch(/^Image 2 \(.+\) cannot be decoded: /);
});

test('killed in the middle, the next server goes on with what was left', async () => {
  const photos = await Promise.all([5, 6, 7, 8].map((seed) => photo({ seed, width: 3000, height: 2000 })));
  const ids = await Promise.all(Array.from({ length: 4 }, () => upload(photos)));
  await until(
    async () => (await db.sql("select 1 from pgboss.job where name = 'prepare' and state = 'active'")).length > 0,
    'a job is under way',
  );
  await server.end('SIGKILL');
  server = await start();
  seller = seller.at(server);
  // as if the dead server's heartbeat were long ago: nobody has to wait for that here
  await db.sql(
    "update pgboss.job set heartbeat_on = now() - interval '1 hour' where state = 'active' and started_on < now() - interval '1 second' and name = 'prepare'",
  );
  for (const id of ids) await isIn(id, 'processing', 90_000);
  const [{ n } = { n: 0 }] = await db.sql<{ n: number }>(
    'select count(*)::int as n from image_variants v join product_images i on i.id = v.image_id where i.product_id = any($1)',
    [ids],
  );
  expect(n).toBe(32);
}, 120_000);
