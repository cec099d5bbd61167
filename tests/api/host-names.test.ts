import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { photo } from '../support/photos';
import { exchange } from '../support/raw-exchange';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';
import { openSocket } from '../support/socket';

let server: TestServer;
let seller: SellerClient;
let productId: string;
let imageTarget: string;
beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
  productId = ((await (await seller.upload([await photo()])).json()) as { id: string }).id;
  const product = (await (await seller.call('GET', `/api/products/${productId}`)).json()) as Product;
  const { pathname, search } = new URL(product.images[0]!.original_url);
  imageTarget = pathname + search;
});
afterAll(() => server.stop());

interface Product {
  readonly images: readonly { readonly original_url: string }[];
}

// services of a compose file or a cluster are called so, and nginx names its upstream
describe.each(['app', 'app:80', 'a', 'a:8', ''])('a client that names the server "%s"', (host) => {
  const ask = (method: string, target: string) =>
    exchange(server.url, { method, target, headers: { ...seller.headers, host } });

  test('is answered on every kind of route', async () => {
    const targets = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/api/users/me', '/trpc/users.me'];
    for (const target of [...targets, `/api/products/${productId}/history`, '/api/products?limit=1', imageTarget]) {
      for (const method of ['GET', 'HEAD']) {
        if (method === 'HEAD' && target.startsWith('/trpc/')) continue; // tRPC's own answer to it has no status of a query
        expect([method, target, (await ask(method, target)).status]).toEqual([method, target, 200]);
      }
    }
  });

  test('is told what is not there, in the usual body', async () => {
    const { status, body } = await ask('GET', '/api/nothing');
    expect([status, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('is refused a signed URL that was changed', async () => {
    expect((await ask('GET', `${imageTarget}x`)).status).toBe(403);
  });
});

test.each(['app', 'a', 'a:8'])('a WebSocket is opened to a server that its client names "%s"', async (host) => {
  const how = { token: seller.accessToken, headers: { host } };
  const socket = await openSocket(server.url, `/ws/products/${productId}/status`, how);
  expect(socket.protocol()).toBe('bearer');
  socket.close();
});

test('a client of HTTP/1.0, which need not name a host, is given what its URL is signed for', async () => {
  const socket = connect(server.port, '127.0.0.1', () => socket.write(`HEAD ${imageTarget} HTTP/1.0\r\n\r\n`));
  let answer = '';
  for await (const bytes of socket) answer += bytes;
  expect(answer).toStartWith('HTTP/1.1 200');
});
