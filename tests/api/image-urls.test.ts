import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

const CDN = 'https://images.example.com';

let server: TestServer;
let behindCdn: TestServer;
beforeAll(async () => {
  [server, behindCdn] = await Promise.all([startTestServer(), startTestServer({ CDN_BASE_URL: CDN })]);
}, 60_000);
afterAll(async () => {
  await server.stop();
  await behindCdn.stop();
});

interface Image {
  readonly original_url: string;
}

async function uploaded(on: TestServer): Promise<{ seller: SellerClient; id: string; images: Image[] }> {
  const seller = await aSeller(on);
  const { id } = (await (await seller.upload([await photo({ seed: 1 }), await photo({ seed: 2 })])).json()) as {
    id: string;
  };
  return { seller, id, images: await imagesOf(await seller.call('GET', `/api/products/${id}`)) };
}

async function imagesOf(response: Response): Promise<Image[]> {
  expect(response.status).toBe(200);
  return ((await response.json()) as { images: Image[] }).images;
}

const statusOf = async (url: string) => (await fetch(url)).status;

describe('the URLs of a product’s images', () => {
  test('are the same when it is read again, so that a browser finds what it has', async () => {
    const { seller, id } = await uploaded(server);
    const read = async () => imagesOf(await seller.call('GET', `/api/products/${id}`));
    const [first, second, third] = [await read(), await read(), await read()];
    // a bucket of the clock may end between two of them, not between all
    expect([first, third]).toContainEqual(second);
    const etag = (await fetch(second[0]!.original_url)).headers.get('etag') ?? '';
    const again = await fetch(third[0]!.original_url, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  test('live as long as asked for, and the answer says how long that really is', async () => {
    const { seller, id } = await uploaded(server);
    const body = { variant: 'original', expires_in: 60 };
    const response = await seller.call('POST', `/api/products/${id}/image-urls`, body);
    const { urls } = (await response.json()) as { urls: { url: string; expires_at: string }[] };
    const { searchParams } = new URL(urls[0]!.url);
    expect(Number(searchParams.get('expires')) * 1000).toBe(Date.parse(urls[0]!.expires_at));
    expect(Date.parse(urls[0]!.expires_at) - Date.now()).toBeWithin(59_000, 90_001);
  });

  test('are dead once revoke-urls has answered 200, by REST and by tRPC, and the answer has living ones', async () => {
    const { seller, id, images } = await uploaded(server);
    const byRest = await imagesOf(await seller.call('POST', `/api/products/${id}/revoke-urls`));
    expect(await Promise.all(images.map((image) => statusOf(image.original_url)))).toEqual([404, 404]);
    expect(await Promise.all(byRest.map((image) => statusOf(image.original_url)))).toEqual([200, 200]);
    const byTrpc = (await seller.trpc().products.revokeUrls.mutate({ id })).images;
    expect(await Promise.all(byRest.map((image) => statusOf(image.original_url)))).toEqual([404, 404]);
    expect(await Promise.all(byTrpc.map((image) => statusOf(image.original_url)))).toEqual([200, 200]);
  });

  test('begin with CDN_BASE_URL where there is one, and its copy may serve everybody', async () => {
    const { images } = await uploaded(behindCdn);
    const { original_url: url } = images[0]!;
    expect(url).toStartWith(`${CDN}/files/`);
    const response = await fetch(url.replace(CDN, behindCdn.url)); // what the CDN asks its origin for
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+, immutable$/);
  });
});
