import { afterEach, expect, spyOn, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import type { UserId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { createAccessTokens } from '../../src/modules/identity/infrastructure/jwt-access-tokens';
import { aProduct } from '../support/products-fixture';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { openSocket, refusedHandshake } from '../support/socket';

const started: TestServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

async function start(change: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer(change);
  started.push(server);
  return server;
}

test('a socket ends when its token does, and the expired token opens no other', async () => {
  const JWT_SECRET = 'the secret of this test, 0123456789 abcdef';
  const server = await start({ JWT_SECRET });
  const { userId } = await aSeller(server);
  const options = { secret: JWT_SECRET, issuer: 'intellipost', audience: 'intellipost-product-store', ttlSeconds: 2 };
  const token = await createAccessTokens(options).sign({ userId: userId as UserId, role: 'seller' });
  const socket = await openSocket(server.url, '/ws/products', { token });
  expect(await socket.closed).toEqual([4401, 'token expired; last_event_id=0']);
  const refused = await refusedHandshake(server.url, '/ws/products', { 'sec-websocket-protocol': `bearer, ${token}` });
  expect(refused).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
}, 30_000);

test('of the sessions that are watched only those live that are neither revoked nor gone', async () => {
  const server = await start();
  const sessionOf = async ({ accessToken }: SellerClient) =>
    (await server.container.identity.authenticate(accessToken))?.sessionId ?? '';
  const [staying, leaving, gone] = [await aSeller(server), await aSeller(server), await aSeller(server)];
  const ids = await Promise.all([staying, leaving, gone].map(sessionOf));
  const live = () => server.container.identity.liveSessions(ids);
  expect(await live()).toEqual(new Set(ids));
  await leaving.call('POST', '/api/auth/logout', {});
  await server.db.sql('delete from users where id = $1', [gone.userId]);
  expect(await live()).toEqual(new Set(ids.slice(0, 1)));
}, 30_000);

test('sockets and streams of a session that is revoked end, and those of others stay', async () => {
  const server = await start();
  const [leaving, staying] = [await aSeller(server), await aSeller(server)];
  const inAMinute = globalThis.setInterval;
  // the server looks once a minute; here it does at once
  const hurried = spyOn(globalThis, 'setInterval').mockImplementation(((work: () => void, ms: number) =>
    inAMinute(work, ms === 60_000 ? 50 : ms)) as typeof setInterval);
  try {
    const [mine, others] = [
      await openSocket(server.url, '/ws/products', { token: leaving.accessToken }),
      await openSocket(server.url, '/ws/products', { token: staying.accessToken }),
    ];
    const stream = await fetch(`${server.url}/trpc/products.events`, {
      headers: { authorization: `Bearer ${leaving.accessToken}` },
    });
    expect(stream.status).toBe(200);
    await leaving.call('POST', '/api/auth/logout', {});
    expect(await mine.closed).toEqual([4401, 'session revoked; last_event_id=0']);
    expect(await stream.text()).toContain('The session was revoked.');
    const { id } = await aProduct(server.db, { userId: staying.userId } as Seller, { images: 1 });
    await until(() => others.messages.some(({ data }) => data.product_id === id), 'the other hears of its product');
    others.close();
  } finally {
    hurried.mockRestore();
  }
}, 30_000);

/** Speaks the handshake, and then nothing. */
async function silentSocket(server: TestServer, seller: SellerClient): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port });
  const answered = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString('latin1'))));
  socket.write(
    [
      'GET /ws/products?last_event_id=0 HTTP/1.1',
      'Host: test',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Authorization: Bearer ${seller.accessToken}`,
      '\r\n',
    ].join('\r\n'),
  );
  expect(await answered).toStartWith('HTTP/1.1 101');
  return socket;
}

/** And reads nothing. */
async function deafSocket(server: TestServer, seller: SellerClient): Promise<Socket> {
  return (await silentSocket(server, seller)).pause();
}

/** A ping without content, and its answer, masked as clients mask. @see RFC 6455, 5.5 */
const PING = Buffer.from([0x89, 0]);
const PONG = Buffer.from([0x8a, 0x80, 1, 2, 3, 4]);

test('a socket is pinged; who answers stays, and who is gone without a word is dropped', async () => {
  const server = await start();
  const seller = await aSeller(server);
  const [dead, alive] = [await silentSocket(server, seller), await silentSocket(server, seller)];
  let [pings, isOpen] = [0, true];
  alive.on('close', () => {
    isOpen = false;
  });
  let heard = '';
  alive.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
    if (!bytes.subarray(0, 2).equals(PING)) return;
    pings += 1;
    alive.write(PONG);
  });
  const dropped = new Promise<string>((resolve) => {
    let received = '';
    dead.on('data', (bytes) => {
      received += bytes.toString('hex');
    });
    dead.on('close', () => resolve(received));
  });
  expect(await dropped).toStartWith(PING.toString('hex'));
  const { id } = await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 });
  await until(() => heard.includes(id), 'it hears of its product');
  expect([pings > 0, isOpen]).toEqual([true, true]);
  alive.destroy();
}, 90_000);

/** The text and close frames of what a server has sent, unmasked as servers send. @see RFC 6455, 5.2 */
function framesOf(bytes: Buffer): { ids: number[]; close: [number, string] | null } {
  const ids: number[] = [];
  let close: [number, string] | null = null;
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = bytes[at]! & 15;
    const short = bytes[at + 1]! & 127;
    const [head, length] =
      short < 126
        ? [2, short]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [10, Number(bytes.readBigUInt64BE(at + 2))];
    const content = bytes.subarray(at + head, at + head + length);
    if (opcode === 1) ids.push(JSON.parse(content.toString()).id);
    if (opcode === 8) close = [content.readUInt16BE(0), content.subarray(2).toString()];
    at += head + length;
  }
  return { ids, close };
}

test('a client that does not read costs bounded memory, is closed with the point to resume from, and resumes there', async () => {
  const server = await start({ SLOW_CONSUMER_SECONDS: '1' });
  const seller = await aSeller(server);
  const { id } = await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 });
  const message = 'x'.repeat(32_000);
  const write = (events: number) =>
    server.db.sql('select count(record_progress($1, 1, $2)) from generate_series(1, $3)', [id, message, events]);
  await write(250);
  const deaf = await deafSocket(server, seller);
  const before = process.memoryUsage.rss();
  await write(750);
  const chunks: Buffer[] = [];
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  await until(
    async () => (await metrics()).includes('realtime_sockets{door="websocket"} 0'),
    'the socket to be given up',
  );
  // 32 MB were written for it; the buffers of the kernel and 64 KB of ours hold what it has not read
  const delivered = Number(/events_delivered_total (\d+)/.exec(await metrics())?.[1]);
  expect(delivered * message.length).toBeLessThan(16e6);
  expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
  deaf.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  const ended = new Promise((end) => deaf.once('close', end));
  deaf.resume();
  await ended;
  const { ids, close } = framesOf(Buffer.concat(chunks));
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  expect(close).toEqual([4008, `slow consumer; last_event_id=${ids.at(-1)}`]);
  const socket = await openSocket(server.url, `/ws/products?last_event_id=${ids.at(-1)}`, {
    token: seller.accessToken,
  });
  const [row] = await server.db.sql<{ n: string }>('select last_event as n from seller_ledger where user_id = $1', [
    seller.userId,
  ]);
  await until(() => socket.ids().at(-1) === Number(row?.n), 'the rest');
  expect(socket.ids()).toHaveLength(Number(row?.n) - ids.length);
  socket.close();
}, 60_000);

test('an event stream that nobody reads costs bounded memory and is given up', async () => {
  const server = await start({ SLOW_CONSUMER_SECONDS: '1' });
  const seller = await aSeller(server);
  const { id } = await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 });
  await server.db.sql('select count(record_progress($1, 1, $2)) from generate_series(1, 625)', [
    id,
    'x'.repeat(32_000),
  ]);
  const deaf = connect({ host: '127.0.0.1', port: server.port });
  const begun = new Promise((resolve) => deaf.once('data', resolve));
  const path = `/trpc/products.events?input=${encodeURIComponent('{"last_event_id":0}')}`;
  deaf.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${seller.accessToken}\r\n\r\n`);
  await begun;
  deaf.pause();
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  await until(
    async () => (await metrics()).includes('realtime_sockets{door="sse"} 0'),
    'the stream to be given up',
    30_000,
  );
  expect(Number(/events_delivered_total (\d+)/.exec(await metrics())?.[1])).toBeLessThan(500);
  deaf.destroy();
}, 60_000);

test('one that reads again in time misses nothing', async () => {
  const server = await start();
  const seller = await aSeller(server);
  const { id } = await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 });
  await server.db.sql('select count(record_progress($1, 1, $2)) from generate_series(1, 500)', [
    id,
    'x'.repeat(32_000),
  ]);
  const deaf = await deafSocket(server, seller);
  await Bun.sleep(500);
  const chunks: Buffer[] = [];
  deaf.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  deaf.resume();
  const total = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  await until(() => total() > 16e6 && framesOf(Buffer.concat(chunks)).ids.length >= 500, '500 events');
  const { ids } = framesOf(Buffer.concat(chunks));
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  deaf.destroy();
}, 60_000);

test('a server that stops closes every socket with 1012 and does not wait for its patience to end', async () => {
  const server = await start({ SHUTDOWN_GRACE_SECONDS: '600' });
  const seller = await aSeller(server);
  const sockets = await Promise.all(
    Array.from({ length: 20 }, () => openSocket(server.url, '/ws/products', { token: seller.accessToken })),
  );
  const stream = await fetch(`${server.url}/trpc/products.events`, { headers: seller.headers });
  started.pop();
  const stopped = server.stop();
  for (const socket of sockets) expect(await socket.closed).toEqual([1012, 'service restart']);
  // not told that it is over: the client is to come again
  expect(await stream.text()).not.toContain('event: return');
  await stopped;
}, 30_000);
