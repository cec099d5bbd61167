import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { request as nodeRequest } from 'node:http';
import { connect } from 'node:net';
import { Client } from 'pg';
import { multipartBytes, multipartType, productParts, TEST_BOUNDARY } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { leftovers, NOTHING, startTestServer, type TestServer, temporaryFolders, until } from '../support/server';

// How clients behave while they send, over real sockets: too much, too slowly, not to the end, or on and on.

const MB = 2 ** 20;
const REST = '/api/products';
const DOORS = [
  ['REST', REST],
  ['tRPC', '/trpc/products.create'],
] as const;

let server: TestServer;
let seller: SellerClient;
let good: Buffer;

beforeAll(async () => {
  server = await startTestServer({ DATABASE_LOCK_TIMEOUT_MS: '30000', DATABASE_STATEMENT_TIMEOUT_MS: '30000' });
  seller = await aSeller(server);
  good = await photo();
}, 60_000);
afterAll(() => server.stop());
afterEach(async () => {
  await until(async () => Bun.deepEquals(await leftovers(server), NOTHING), 'nothing remains').catch(() => undefined);
  expect(await leftovers(server)).toEqual(NOTHING);
});

const headersOf = (length: number) => ({
  ...seller.headers,
  'content-type': multipartType(),
  'content-length': String(length),
});

/** Resolves with what has come when the answer's JSON is there, whether or not the connection has ended. */
function firstAnswer(head: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(server.port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (!/request_id/.test(text)) return;
    resolve(text);
    socket.destroy();
  });
  socket.on('error', reject).on('close', () => reject(new Error(`no answer, only: ${text}`)));
  socket.write(head);
  return promise;
}

describe.each(DOORS)('a sender, by %s,', (_door, path) => {
  test('who announces 10 GB is refused at once, unread', async () => {
    const lines = Object.entries({ host: 'test.invalid', ...headersOf(10 * 2 ** 30) });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    // Nothing of the body is ever sent: whoever waited for it would answer 408, that it came too slowly.
    const text = await firstAnswer(`POST ${path} HTTP/1.1\r\n${head}\r\n`);
    expect(text).toStartWith('HTTP/1.1 413');
    expect(text).toContain('REQUEST_TOO_LARGE');
  });

  test('who leaves half way leaves nothing', async () => {
    const body = multipartBytes(productParts(PROMPT, [good, good, good]));
    const left = rawPost(server.port, {
      path,
      headers: { ...headersOf(body.length), 'idempotency-key': 'left-half-way' },
      async send(write, socket) {
        await write(body.subarray(0, -good.length));
        await until(async () => (await server.keys()).length > 0, 'the first photo is stored');
        socket.destroy();
      },
    });
    expect(await left.catch(() => 'no answer')).toBe('no answer');
  });

  test('who leaves in silence, the connection reset, leaves nothing', async () => {
    const body = multipartBytes(productParts(PROMPT, [good]));
    const left = rawPost(server.port, {
      path,
      headers: headersOf(body.length),
      async send(write, socket) {
        await write(body.subarray(0, 100_000));
        await until(async () => (await temporaryFolders(server.dataDir)).length > 1, 'the photo is being received');
        socket.resetAndDestroy();
      },
    });
    expect(await left.catch(() => 'no answer')).toBe('no answer');
  });

  describe('of 50 MB who is refused half way sees the answer, not a reset:', () => {
    const LENGTH = 50 * MB;
    const BEGINNING = multipartBytes([{ name: 'price', content: '100' }], TEST_BOUNDARY);
    // refused for its first field; whatever follows is on its way by then
    const body = Buffer.concat([BEGINNING.subarray(0, -4), Buffer.from('\r\n'), Buffer.alloc(LENGTH)]).subarray(
      0,
      LENGTH,
    );

    test('a bare socket', async () => {
      const answer = await rawPost(server.port, {
        path,
        headers: headersOf(LENGTH),
        async send(write) {
          for (let at = 0; at < LENGTH; at += MB) await write(body.subarray(at, at + MB));
        },
      });
      expect(await seen(answer)).toEqual([422, 'VALIDATION_FAILED']);
    });

    test('fetch', async () => {
      const headers = { ...seller.headers, 'content-type': multipartType() };
      const response = await fetch(server.url + path, { method: 'POST', body, headers });
      expect(await seen(response)).toEqual([422, 'VALIDATION_FAILED']);
    });

    test('node:http', async () => {
      expect(await seen(await byNode(path, body))).toEqual([422, 'VALIDATION_FAILED']);
    });
  });
});

function byNode(path: string, body: Buffer): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const options = { port: server.port, path, method: 'POST', headers: headersOf(body.length) };
  const request = nodeRequest({ host: '127.0.0.1', ...options }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** Sends the body at that rate, 0 for nothing of it, until it is sent or, where the sender looks for it, something is answered. */
function drip(path: string, body: Uint8Array, bytesPerSecond: number, looks = true) {
  return rawPost(server.port, {
    path,
    headers: headersOf(body.length),
    async send(write, socket) {
      const answered = Promise.withResolvers<'answered'>();
      if (looks) socket.once('data', () => answered.resolve('answered'));
      else socket.pause();
      socket.once('close', () => answered.resolve('answered'));
      if (bytesPerSecond === 0) await answered.promise;
      for (let at = 0; at < body.length; at += bytesPerSecond / 4) {
        await write(body.subarray(at, at + bytesPerSecond / 4));
        if ((await Promise.race([answered.promise, Bun.sleep(250)])) === 'answered') return;
      }
      socket.resume();
    },
  });
}

// All at once, because each takes its time.
test('a sender slower than 16 KiB/s, or silent, is refused after 10 seconds with REQUEST_TIMEOUT; one of 32 KiB/s is not; one that is refused and goes on for 11 seconds without a look sees why', async () => {
  const body = multipartBytes(productParts(PROMPT, [Buffer.concat([good, Buffer.alloc(250_000)])]));
  expect(body.length).toBeGreaterThan(11 * 32_768);
  const large = Buffer.concat([
    multipartBytes([{ name: 'price', content: '100' }]).subarray(0, -4),
    Buffer.alloc(11 * MB),
  ]);
  const startedAt = performance.now();
  const tooSlow = DOORS.flatMap(([, path]) => [drip(path, body, 8_192), drip(path, body, 0)]);
  const slow = drip(REST, body, 32_768);
  const refused = DOORS.map(([, path]) => drip(path, large, MB, false));
  for (const answer of await Promise.all(tooSlow)) expect(await seen(answer)).toEqual([408, 'REQUEST_TIMEOUT']);
  expect(performance.now() - startedAt).toBeGreaterThan(9_900);
  for (const answer of await Promise.all(refused)) expect(await seen(answer)).toEqual([422, 'VALIDATION_FAILED']);
  const created = await slow;
  expect(await seen(created)).toEqual([201, null]);
  await seller.call('DELETE', `/api/products/${JSON.parse(created.body).id}`);
}, 60_000);

test('a sender who waits in the middle of the body, while our cleaning up takes 14 seconds, sees the refusal', async () => {
  const photos = multipartBytes(productParts(PROMPT, [good, good]));
  const price = multipartBytes([{ name: 'price', content: '100' }]);
  const locker = new Client({ connectionString: server.db.url });
  await locker.connect();
  const answer = rawPost(server.port, {
    path: REST,
    headers: headersOf(photos.length + 1_000_000),
    async send(write) {
      await write(photos.subarray(0, -TEST_BOUNDARY.length - 6));
      await until(async () => (await server.keys()).length > 0, 'the photo is stored');
      await Bun.sleep(1_500); // long enough for the server to watch the pace
      await locker.query('begin; lock table intents in access exclusive mode');
      await write(price);
    },
  });
  const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  await until(async () => (await server.db.sql(waiting)).length > 0, 'the refusal waits for the journal');
  await Bun.sleep(14_000);
  await locker.query('commit');
  await locker.end();
  expect(await seen(await answer)).toEqual([422, 'VALIDATION_FAILED']);
}, 60_000);
