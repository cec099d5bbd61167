import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createClient } from '../../src/client';
import { photo } from '../support/photos';
import { type RecordingGateway, startGateway } from '../support/recording-gateway';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

let server: TestServer;
let gateway: RecordingGateway;
let seller: SellerClient;
let photos: Blob[];
const retry = { firstMs: 10, maxMs: 20 };

beforeAll(async () => {
  gateway = startGateway(() => `http://127.0.0.1:${server.port}`);
  server = await startTestServer({ PUBLIC_URL: gateway.url });
  seller = await aSeller({ url: `http://127.0.0.1:${server.port}` });
  photos = [new Blob([new Uint8Array(await photo({ seed: 77 }))])];
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

const clientWith = (getToken: () => string | Promise<string>) =>
  createClient({ url: `http://127.0.0.1:${server.port}`, getToken, retry });
const openUploads = () => server.db.sql('select product_id from direct_uploads');

describe('a token that runs out during an upload', () => {
  test.each([1, 2])('is asked for anew, and nothing is sent again (at call %d)', async (refusedCall) => {
    let asked = 0;
    const { uploadProduct } = clientWith(() => {
      asked += 1;
      return asked === refusedCall ? 'expired' : seller.accessToken;
    });
    const before = gateway.puts.length;
    expect((await uploadProduct(photos, PROMPT)).image_count).toBe(1);
    expect([asked, gateway.puts.length - before]).toEqual([3, 1]);
    expect(await openUploads()).toEqual([]);
  });

  test('and has no successor ends it', async () => {
    const { uploadProduct } = clientWith(() => 'expired');
    await expect(uploadProduct(photos, PROMPT)).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
  });

  test('and stays refused leaves the upload to the clock, because the server cannot be told', async () => {
    let asked = 0;
    const { uploadProduct } = clientWith(() => {
      asked += 1;
      return asked === 1 ? seller.accessToken : 'expired';
    });
    await expect(uploadProduct(photos, PROMPT)).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    const [open] = await openUploads();
    await seller.trpc().uploads.abort.mutate({ product_id: open?.product_id as string });
    expect(await openUploads()).toEqual([]);
  });
});

describe('what getToken throws', () => {
  test('ends an upload with itself', async () => {
    const reason = new Error('please log in again');
    let asked = 0;
    const { uploadProduct } = clientWith(() => {
      asked += 1;
      throw reason;
    });
    expect(await uploadProduct(photos, PROMPT).catch((error) => error)).toBe(reason);
    expect(asked).toBeLessThan(4);
  });

  test('of its own calls of the API, because they got no answer, is waited out', async () => {
    const nobody = createClient({ url: 'http://127.0.0.1:9' }).api;
    let asked = 0;
    const { uploadProduct } = clientWith(async () => {
      asked += 1;
      if (asked === 1) await nobody.auth.refresh.mutate({ refresh_token: seller.refreshToken });
      return seller.accessToken;
    });
    expect((await uploadProduct(photos, PROMPT)).image_count).toBe(1);
    expect(asked).toBe(3);
  });

  test('is what any other call is told of, too', async () => {
    const { api } = clientWith(() => {
      throw new Error('please log in again');
    });
    await expect(api.users.me.query()).rejects.toThrow('please log in again');
  });
});
