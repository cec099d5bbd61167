import { afterAll, beforeAll, expect, test } from 'bun:test';
import { aSeller } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ FOLLOWERS_PER_SELLER: '3' });
}, 60_000);
afterAll(() => server.stop());

async function opened(token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/products`, ['bearer', token]);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return socket;
}

const stream = (token: string, signal: AbortSignal) =>
  fetch(`${server.url}/trpc/products.events?input={}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
    signal,
  });

test('an account has so many sockets and streams open at once, and no more, until one of them ends', async () => {
  const seller = await aSeller(server);
  const { accessToken: token } = seller;
  const leaving = new AbortController();
  const [first, second] = [await opened(token), await opened(token)];
  const streaming = await stream(token, leaving.signal);
  expect(streaming.status).toBe(200);
  const more = await fetch(`${server.url}/ws/products`, { headers: { authorization: `Bearer ${token}` } });
  expect([more.status, Number(more.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect(await (await stream(token, AbortSignal.timeout(10_000))).text()).toContain('RATE_LIMITED');
  // others are not concerned
  (await opened((await aSeller(server)).accessToken)).close();

  first.close();
  leaving.abort();
  const again: WebSocket[] = [];
  await until(async () => {
    again.push(await opened(token).catch(() => null as never));
    return again.filter((socket) => socket !== null).length === 2;
  }, 'the seats of those that left');
  await expect(opened(token)).rejects.toBeDefined();
  for (const socket of [second, ...again]) socket?.close();
}, 30_000);

test('a request that is no handshake takes no seat', async () => {
  const { accessToken } = await aSeller(server);
  for (let time = 0; time < 5; time += 1) {
    const answer = await fetch(`${server.url}/ws/products`, { headers: { authorization: `Bearer ${accessToken}` } });
    expect(answer.status).toBe(400);
  }
});
