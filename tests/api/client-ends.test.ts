import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createClient } from '../../src/client';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type ForgetfulGateway, startForgetfulGateway } from '../support/forgetful-gateway';
import { photo } from '../support/photos';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

const ATTEMPTS = 3;
const retry = { attempts: ATTEMPTS, firstMs: 10, maxMs: 20 };

let server: TestServer;
let gateway: ForgetfulGateway;
let bytes: Buffer;
let photos: Blob[];
let seller: SellerClient;
let client: ReturnType<typeof createClient>;
let callsBefore = 0;

beforeAll(async () => {
  gateway = startForgetfulGateway(() => server.url);
  server = await startTestServer();
  bytes = await photo({ seed: 71 });
  photos = [new Blob([new Uint8Array(bytes)])];
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});
beforeEach(async () => {
  seller = await aSeller(server);
  client = createClient({ url: gateway.url, token: seller.accessToken, retry });
  callsBefore = gateway.calls.length;
});

const calls = () => gateway.calls.slice(callsBefore);
const idsOf = async (table: 'direct_uploads' | 'products', id: 'product_id' | 'id') =>
  (await server.db.sql<{ id: string }>(`select ${id} as id from ${table} where user_id = $1`, [seller.userId])).map(
    (row) => row.id,
  );
const openUploads = () => idsOf('direct_uploads', 'product_id');
const products = () => idsOf('products', 'id');
/** Ends the upload when the server has done this, before anybody hears of it. */
const endedAfter = (procedure: string) => {
  const caller = new AbortController();
  gateway.lose(procedure, 1, () => caller.abort(new Error('enough')));
  return caller.signal;
};

describe('an upload whose announcement got no answer', () => {
  test('is found by its key and given up when the last try has failed', async () => {
    gateway.lose('uploads.start', ATTEMPTS);
    await expect(client.uploadProduct(photos, PROMPT)).rejects.toThrow();
    expect(await openUploads()).toEqual([]);
    expect(calls()).toEqual([...Array(ATTEMPTS + 1).fill('uploads.start'), 'uploads.abort']);
  });

  test('is given up when its caller ends it', async () => {
    const signal = endedAfter('uploads.start');
    await expect(client.uploadProduct(photos, PROMPT, { signal })).rejects.toThrow('enough');
    expect(await openUploads()).toEqual([]);
    expect(calls()).toEqual(['uploads.start', 'uploads.start', 'uploads.abort']);
  });

  test('stays where its key is the caller’s, and goes on with it', async () => {
    const idempotencyKey = crypto.randomUUID();
    const signal = endedAfter('uploads.start');
    await expect(client.uploadProduct(photos, PROMPT, { signal, idempotencyKey })).rejects.toThrow('enough');
    const [open] = await openUploads();
    expect((await client.uploadProduct(photos, PROMPT, { idempotencyKey })).id).toBe(open as string);
  });

  test('was not begun where it was refused, or ended before: nothing more is asked', async () => {
    await expect(client.uploadProduct(photos, 'short')).rejects.toMatchObject({ data: { code: 'INVALID_PROMPT' } });
    const { signal } = endedAlready();
    await expect(client.uploadProduct(photos, PROMPT, { signal })).rejects.toThrow('enough');
    expect(calls()).toEqual(['uploads.start']);
  });
});

describe('an upload that was completed, and the answer lost,', () => {
  test('is a product all the same when the last try has failed', async () => {
    gateway.lose('uploads.complete', ATTEMPTS);
    const product = await client.uploadProduct(photos, PROMPT);
    expect(product.images.map(({ sha256 }) => sha256)).toEqual([sha256OfBytes(bytes)]);
    expect(await products()).toEqual([product.id]);
  });

  test('is no product when its caller has ended it', async () => {
    const signal = endedAfter('uploads.complete');
    await expect(client.uploadProduct(photos, PROMPT, { signal })).rejects.toThrow('enough');
    expect([await openUploads(), await products()]).toEqual([[], []]);
    expect(calls().slice(-2)).toEqual(['uploads.abort', 'products.delete']);
  });

  test('stays a product where its key is the caller’s, who gets it by that key', async () => {
    const idempotencyKey = crypto.randomUUID();
    const signal = endedAfter('uploads.complete');
    await expect(client.uploadProduct(photos, PROMPT, { signal, idempotencyKey })).rejects.toThrow('enough');
    const product = await client.uploadProduct(photos, PROMPT, { idempotencyKey });
    expect(await products()).toEqual([product.id]);
  });
});

test('what the server cannot be told fails as it failed', async () => {
  gateway.lose('uploads.start', 100);
  await expect(client.uploadProduct(photos, PROMPT)).rejects.toThrow('status 502');
  gateway.lose('uploads.start', 0);
});

function endedAlready() {
  const caller = new AbortController();
  caller.abort(new Error('enough'));
  return caller;
}
