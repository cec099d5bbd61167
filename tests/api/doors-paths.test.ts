import { afterAll, beforeAll, expect, test } from 'bun:test';
import { exchange } from '../support/raw-exchange';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

let server: TestServer;
let seller: SellerClient;
beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
}, 60_000);
afterAll(() => server.stop());

test.each([
  ['GET', '/ws/products/%ZZ/status'],
  ['GET', '/api/products/%ZZ'],
  ['POST', '/api/products/%ff/images'],
  ['DELETE', '/api/users/me/sessions/%'],
  ['POST', '/api/work/leases/%c3%28/heartbeat'],
  ['GET', '/nowhere/%ZZ'],
])('%s %s, which is no percent-encoded UTF-8, is a malformed request', async (method, target) => {
  const headers = { authorization: `Bearer ${seller.accessToken}`, 'content-length': '0' };
  const { status, body } = await exchange(server.url, { method, target, headers });
  expect([status, body]).toEqual([400, expect.stringContaining('"MALFORMED_REQUEST"')]);
});

test('an id that is none, however it is encoded, is not found', async () => {
  for (const id of ['none', '%2e%2e%2f', '%00', '%C3%A9']) {
    const { status, body } = await exchange(server.url, {
      method: 'GET',
      target: `/api/products/${id}`,
      headers: { authorization: `Bearer ${seller.accessToken}` },
    });
    expect([id, status, body]).toEqual([id, 404, expect.stringContaining('"PRODUCT_NOT_FOUND"')]);
  }
});
