import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { leftovers, s3Environment, startTestServer, type TestServer, until } from '../support/server';
import { type Fault, startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

// What a server answers while PostgreSQL or the object store is out of order, and that it comes back without a restart.

const minio = await s3Server('minio');
const DOORS = ['/api/products', '/trpc/products.create'];
const UNTIL_SCHEDULED_MS = 150_000;

let picture: Buffer;
let server: TestServer;
let seller: SellerClient;
let database: TcpProxy;

beforeAll(async () => {
  picture = await photo();
  server = await startTestServer(async (url) => {
    database = await startTcpProxy(url);
    const through = new URL(url);
    through.host = `${database.host}:${database.port}`;
    const patience = { DATABASE_CONNECT_TIMEOUT_MS: '1000', DATABASE_STATEMENT_TIMEOUT_MS: '1000' };
    return { DATABASE_URL: through.href, ...patience, SWEEP_CRON: '* * * * *' };
  });
  seller = await aSeller(server);
  await beginSweepThatDied();
}, 60_000);
afterAll(async () => {
  await database.set({ kind: 'pass' });
  await server.stop();
  await database.stop();
});

/** A sweep whose process was killed an hour ago: for the queue it is still running, and there is room for one. */
async function beginSweepThatDied(): Promise<void> {
  await server.db.sql(`delete from pgboss.job where name = 'sweep'`);
  await server.db.sql(
    `insert into pgboss.job (name, state, policy, retry_limit, started_on, heartbeat_on, heartbeat_seconds, expire_seconds)
     select name, 'active', policy, 0, now() - interval '5 min', now() - interval '5 min', heartbeat_seconds, expire_seconds
     from pgboss.queue where name = 'sweep'`,
  );
}

const parts = () => productParts(PROMPT, [picture]);
const isUnavailable = async (response: Response, code: string) => {
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await seen(response)).toEqual([503, code]);
};
const readiness = async ({ url }: TestServer) => {
  const response = await fetch(`${url}/readyz`);
  return [response.status, ((await response.json()) as { checks: object }).checks] as const;
};

describe('while the database is away', () => {
  test.each([
    ['refuses connections', { kind: 'refuse' }],
    ['resets connections', { kind: 'reset' }],
    ['does not answer', { kind: 'hang' }],
  ] as [string, Fault][])(
    'because it %s, requests are answered with 503 and Retry-After, and succeed as soon as it is back',
    async (_how, fault) => {
      // every connection of the pool is open when it happens
      await Promise.all(Array.from({ length: 10 }, () => seller.call('GET', '/api/products')));
      await database.set(fault);
      const uploads = DOORS.map((door) => seller.post(door, parts(), { 'idempotency-key': Bun.randomUUIDv7() }));
      const answers = await Promise.all([...uploads, seller.upload([picture]), seller.call('GET', '/api/products')]);
      for (const answer of answers) await isUnavailable(answer, 'DATABASE_UNAVAILABLE');
      expect(await readiness(server)).toEqual([503, expect.objectContaining({ database: 'failed', store: 'ok' })]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      await database.set({ kind: 'pass' });
      await until(async () => (await readiness(server))[0] === 200, 'it is ready again');
      for (const door of DOORS) expect((await seller.post(door, parts())).ok).toBe(true);
    },
    60_000,
  );

  test('since the middle of an upload, it is answered with 503, and what it has stored is left to the sweep', async () => {
    const before = (await server.keys()).length;
    const body = multipartBytes(productParts(PROMPT, [picture, picture]));
    const answer = await rawPost(server.port, {
      path: '/api/products',
      headers: { ...seller.headers, 'content-type': multipartType(), 'content-length': String(body.length) },
      async send(write) {
        await write(body.subarray(0, -100_000));
        await until(async () => (await server.keys()).length > before, 'the first photo is stored');
        await database.set({ kind: 'refuse' });
        await write(body.subarray(-100_000));
      },
    });
    expect(await seen(answer)).toEqual([503, 'DATABASE_UNAVAILABLE']);
    await database.set({ kind: 'pass' });
    const { intents, objects, temporary } = await leftovers(server);
    expect(intents).toBeGreaterThan(0);
    expect([objects.length - before, temporary]).toEqual([2, []]);
  }, 60_000);
});

describe('while the store is away', () => {
  const promise = minio ? test : test.skip;
  let onS3: TestServer;
  let client: SellerClient;
  let store: TcpProxy;

  beforeAll(async () => {
    if (!minio) return;
    store = await startTcpProxy(minio.endpoint);
    onS3 = await startTestServer({ ...s3Environment(minio, store.url), S3_RETRIES: '1', S3_TIMEOUT_MS: '2000' });
    client = await aSeller(onS3);
  }, 60_000);
  afterAll(async () => {
    await store?.set({ kind: 'pass' });
    await onS3?.stop();
    await store?.stop();
  });

  promise.each([
    ['refuses connections', { kind: 'refuse' }],
    ['resets connections', { kind: 'reset' }],
    ['does not answer', { kind: 'hang' }],
    ['ends connections half way', { kind: 'cut', afterBytes: 50_000 }],
  ] as [string, Fault][])(
    'because it %s, uploads are answered with 503 and Retry-After, succeed as soon as it is back, and leave nothing',
    async (_how, fault) => {
      expect((await client.upload([picture])).status).toBe(201);
      await store.set(fault);
      const answers = await Promise.all(DOORS.map((door) => client.post(door, parts())));
      for (const answer of answers) await isUnavailable(answer, 'STORAGE_UNAVAILABLE');
      if (fault.kind !== 'cut') {
        expect(await readiness(onS3)).toEqual([503, expect.objectContaining({ database: 'ok', store: 'failed' })]);
      }
      await store.set({ kind: 'pass' });
      for (const door of DOORS) expect((await client.post(door, parts())).ok).toBe(true);
      await onS3.container.storage.sweep();
      const left = await leftovers(onS3);
      expect(left).toMatchObject({ intents: 0, temporary: [] });
      expect([left.objects.length, left.images]).toEqual([left.products, left.products]);
    },
    60_000,
  );
});

describe('after the database was away', () => {
  test(
    'the scheduled sweep runs on, though the one before it died, and deletes what broken uploads have left',
    async () => {
      await server.db.sql("update intents set expires_at = now() where state = 'open'");
      expect((await leftovers(server)).intents).toBeGreaterThan(0);
      await until(async () => (await leftovers(server)).intents === 0, 'a sweep has run', UNTIL_SCHEDULED_MS);
      const { objects, images } = await leftovers(server);
      expect(objects).toHaveLength(images ?? 0);
    },
    UNTIL_SCHEDULED_MS + 10_000,
  );
});
