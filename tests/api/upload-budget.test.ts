import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { chunkedRequest, multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { leftovers, NOTHING, startTestServer, type TestServer, until } from '../support/server';

const MAX_UPLOAD = 1_000_000;
/** Four of the largest bodies; a seller gets three. */
const LIMITS = {
  MAX_IMAGE_BYTES: String(MAX_UPLOAD),
  MAX_UPLOAD_BYTES: String(MAX_UPLOAD),
  UPLOAD_STAGED_BYTES_MAX: String(4 * MAX_UPLOAD),
  UPLOAD_WAIT_SECONDS: '2',
};

let server: TestServer;
let seller: SellerClient;
let picture: Buffer;
let body: Uint8Array;
const held: Socket[] = [];

beforeAll(async () => {
  server = await startTestServer(LIMITS);
  picture = await photo();
  body = multipartBytes(productParts(PROMPT, [picture]));
}, 60_000);
afterAll(() => server.stop());
beforeEach(async () => {
  seller = await aSeller(server);
});
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  await until(async () => (await gauge('upload_budget_held_bytes')) === 0, 'nothing is held');
  expect(await gauge('uploads_waiting')).toBe(0);
  await server.db.sql('delete from users');
  await server.container.maintenance.sweep();
  expect(await leftovers(server)).toEqual(NOTHING);
});

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Announces a body and sends nothing of it. */
function announce(by: SellerClient, length: number): Socket {
  const socket = connect(server.port, '127.0.0.1');
  const head = {
    ...by.headers,
    host: 'test.invalid',
    'content-type': multipartType(),
    'content-length': String(length),
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /api/products HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.on('error', () => undefined);
  held.push(socket);
  return socket;
}

async function fill(by: SellerClient): Promise<Socket[]> {
  const sockets = Array.from({ length: 3 }, () => announce(by, MAX_UPLOAD));
  await until(async () => (await gauge('upload_budget_held_bytes')) === 3 * MAX_UPLOAD, 'three are let in');
  return sockets;
}

describe('a seller who takes all that one may', () => {
  test('waits, and is refused by both doors with OVERLOADED and Retry-After, while others are served', async () => {
    await fill(seller);
    const other = await aSeller(server);
    const since = performance.now();
    const rest = seller.upload([picture]);
    const form = {
      method: 'POST',
      headers: { ...seller.headers, 'content-type': multipartType() },
      body: Buffer.from(body),
    };
    const trpc = fetch(`${server.url}/trpc/products.create`, form);
    await until(async () => (await gauge('uploads_waiting')) === 2, 'two wait');
    expect((await other.upload([picture])).status).toBe(201);
    for (const response of await Promise.all([rest, trpc])) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await seen(response)).toEqual([503, 'OVERLOADED']);
    }
    expect(performance.now() - since).toBeGreaterThan(1_900);
    expect(await gauge('admission_refusals_total')).toBeGreaterThanOrEqual(2);
  });

  test('is served as soon as one of the bodies has ended, however it ended', async () => {
    const [first] = await fill(seller);
    const upload = seller.upload([picture]);
    await until(async () => (await gauge('uploads_waiting')) === 1, 'it waits');
    first?.destroy();
    expect((await upload).status).toBe(201);
  });

  test('is forgotten when it leaves while waiting', async () => {
    await fill(seller);
    const leaving = announce(seller, MAX_UPLOAD);
    await until(async () => (await gauge('uploads_waiting')) === 1, 'it waits');
    leaving.destroy();
    await until(async () => (await gauge('uploads_waiting')) === 0, 'it has left', 1_500);
  });

  test('is forgotten when it leaves while it waits and has sent all that fits', async () => {
    await fill(seller);
    const leaving = announce(seller, MAX_UPLOAD);
    leaving.write(body);
    await until(async () => (await gauge('uploads_waiting')) === 1, 'it waits');
    leaving.destroy();
    await until(async () => (await gauge('uploads_waiting')) === 0, 'it has left', 1_500);
  });
});

test('a body without announced length counts as the largest', async () => {
  const request = chunkedRequest([body.subarray(0, 1_000)], multipartType());
  const stuck = new ReadableStream({
    async start(controller) {
      for await (const chunk of request.body as ReadableStream<Uint8Array>) controller.enqueue(chunk);
    },
  });
  const client = new AbortController();
  const headers = { ...seller.headers, 'content-type': multipartType() };
  const upload = fetch(`${server.url}/api/products`, { method: 'POST', headers, body: stuck, signal: client.signal });
  upload.catch(() => undefined);
  await until(async () => (await gauge('upload_budget_held_bytes')) === MAX_UPLOAD, 'it is let in');
  client.abort();
});

test('whatever a body ends with gives back what it held: success, refusal, one too large', async () => {
  expect((await seller.upload([picture])).status).toBe(201);
  expect(await seen(await seller.upload([Buffer.from('no picture')]))).toEqual([422, 'UNSUPPORTED_FORMAT']);
  expect(await seen(await seller.upload([Buffer.alloc(MAX_UPLOAD)]))).toEqual([413, 'REQUEST_TOO_LARGE']);
  expect(await gauge('upload_budget_held_bytes')).toBe(0);
});

test('a presigned PUT to the disk store waits for room, too', async () => {
  const sha256 = new Bun.CryptoHasher('sha256').update(picture).digest('hex');
  const images = [{ content_type: 'image/jpeg', file_size_bytes: picture.length, sha256 }];
  const started = await seller.call('POST', '/api/uploads', { prompt_text: PROMPT, images });
  const { product_id, uploads } = (await started.json()) as {
    product_id: string;
    uploads: { url: string; headers: Record<string, string> }[];
  };
  const [put] = uploads;
  await fill(seller);
  // each leaves a third of what it takes
  const others = [700_000, 220_000, 59_000];
  for (const length of others) announce(await aSeller(server), length);
  await until(async () => (await gauge('upload_budget_held_bytes')) === 3_979_000, 'they are let in');
  const answer = await fetch(put?.url ?? '', {
    method: 'PUT',
    headers: put?.headers ?? {},
    body: Buffer.from(picture),
  });
  expect(await seen(answer)).toEqual([503, 'OVERLOADED']);
  for (const socket of held.splice(0)) socket.destroy();
  expect(
    (await fetch(put?.url ?? '', { method: 'PUT', headers: put?.headers ?? {}, body: Buffer.from(picture) })).status,
  ).toBe(200);
  expect((await seller.call('POST', `/api/uploads/${product_id}/complete`)).status).toBe(200);
});

test('nothing is read where the disk has too little left', async () => {
  const full = await startTestServer({ DISK_FREE_BYTES_MIN: String(1024 ** 5) });
  const refused = await (await aSeller(full)).upload([picture]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await seen(refused)).toEqual([503, 'OVERLOADED']);
  expect(await leftovers(full)).toEqual(NOTHING);
  const metrics = await (await fetch(`${full.url}/metrics`)).text();
  expect(metrics).toContain('admission_refusals_total{why="disk"} 1');
  await full.stop();
});
