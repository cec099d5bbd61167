import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../../src/container';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { withoutIdsAndTimes } from '../support/direct-upload';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, productForm, type SellerClient } from '../support/seller-client';
import { s3Environment, startTestServer, type TestServer } from '../support/server';

type Product = Awaited<ReturnType<ReturnType<SellerClient['trpc']>['products']['get']['query']>>;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

describe.each([
  ['the disk store', true, () => ({})],
  ['MinIO, by S3_* alone', minio !== null, () => (minio ? s3Environment(minio) : {})],
  ['versitygw, by S3_* alone', versitygw !== null, () => (versitygw ? s3Environment(versitygw) : {})],
] as const)('on %s', (_name, isThere, environment) => {
  const promise = isThere ? test : test.skip;
  let server: TestServer;
  let seller: SellerClient;
  let stranger: SellerClient;
  let photos: Buffer[];

  beforeAll(async () => {
    if (!isThere) return;
    server = await startTestServer(environment());
    seller = await aSeller(server);
    stranger = await aSeller(server);
    photos = [await photo({ seed: 7 }), await photo({ seed: 8, format: 'png' })];
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });

  async function uploaded(): Promise<string> {
    const response = await seller.upload(photos);
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }

  async function read(id: string): Promise<Product> {
    const response = await seller.call('GET', `/api/products/${id}`);
    expect(response.status).toBe(200);
    return (await response.json()) as Product;
  }

  promise(
    'an upload by REST answers 201 in the documented shape, says where the product is, and is listed',
    async () => {
      const response = await seller.upload(photos);
      expect(response.status).toBe(201);
      const created = (await response.json()) as { id: string };
      expect(created as object).toEqual({
        id: expect.stringMatching(UUID_V7),
        status: 'uploading',
        prompt_text: PROMPT,
        image_count: 2,
        created_at: expect.stringMatching(ISO_UTC),
        estimated_processing_time_seconds: expect.any(Number),
      });
      expect(response.headers.get('location')).toBe(`/api/products/${created.id}`);
      const list = (await (await seller.call('GET', '/api/products')).json()) as { products: { id: string }[] };
      expect(list.products[0]?.id).toBe(created.id);
    },
  );

  promise('a read gives back what was sent, and its signed URLs the same bytes', async () => {
    const product = await read(await uploaded());
    expect(product).toMatchObject({ status: 'uploading', prompt_text: PROMPT, image_count: 2 });
    expect(product.images.map(({ sha256 }) => sha256)).toEqual(photos.map(sha256OfBytes));
    expect(product.images).toMatchObject([
      { position: 0, is_primary: true, file_format: 'jpeg', resolution_width: 900, resolution_height: 700 },
      { position: 1, is_primary: false, file_format: 'png', file_size_bytes: photos[1]?.length },
    ]);
    for (const [index, image] of product.images.entries()) {
      const response = await fetch(image.original_url);
      expect([response.status, sha256OfBytes(await response.bytes())]).toEqual([200, sha256OfBytes(photos[index]!)]);
      expect(response.headers.get('content-type')).toBe(index === 0 ? 'image/jpeg' : 'image/png');
    }
  });

  promise('a typed tRPC client uploads a form, reads it back, and gets URLs of the same bytes', async () => {
    const client = seller.trpc();
    const created = await client.products.create.mutate(productForm(photos));
    expect(created).toMatchObject({ status: 'uploading', prompt_text: PROMPT, image_count: 2 });
    const product = await client.products.get.query({ id: created.id });
    const { urls } = await client.products.imageUrls.mutate({ id: created.id, variant: 'original', expires_in: 60 });
    expect(urls.map(({ image_id }) => image_id)).toEqual(product.images.map(({ id }) => id));
    const bytes = await Promise.all(urls.map(async ({ url }) => (await fetch(url ?? '')).bytes()));
    expect(bytes.map(sha256OfBytes)).toEqual(photos.map(sha256OfBytes));
  });

  promise('products made by REST and by tRPC of the same photos differ in ids and times alone', async () => {
    const byRest = await read(await uploaded());
    const byTrpc = await read((await seller.trpc().products.create.mutate(productForm(photos))).id);
    expect(byTrpc.id).not.toBe(byRest.id);
    expect(withoutIdsAndTimes(byTrpc)).toEqual(withoutIdsAndTimes(byRest));
    expect(await seller.trpc().products.get.query({ id: byRest.id }).then(withoutIdsAndTimes)).toEqual(
      withoutIdsAndTimes(byRest),
    );
  });

  promise(
    'a URL without its signature, with a changed one, for another object or after its time is refused',
    async () => {
      const product = await read(await uploaded());
      const { original_url: url } = product.images[0]!;
      expect((await fetch(url)).status).toBe(200);
      const other = new URL(url);
      other.pathname = new URL(product.images[1]!.original_url).pathname;
      const later = new URL(url);
      for (const name of ['expires', 'X-Amz-Expires']) {
        if (later.searchParams.has(name))
          later.searchParams.set(name, String(Number(later.searchParams.get(name)) + 60));
      }
      for (const forged of [url.replace(/\?.*/, ''), withoutSignature(url), altered(url), other.href, later.href]) {
        expect(forged).not.toBe(url);
        // S3 calls a signature that is missing among its other parameters malformed
        expect([400, 403]).toContain((await fetch(forged)).status);
      }
      expect((await fetch(expired(new URL(url)))).status).toBe(403);
    },
  );

  /** As it would have been signed an hour ago. */
  function expired(url: URL): string {
    const { store } = server.container.storage;
    const key = decodeURIComponent(url.pathname.slice(url.pathname.indexOf('/products/') + 1)) as ObjectKey;
    const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000);
    const signed = (issuedMs: number) =>
      store.signGet({ key, issuedAt: wholeSeconds(issuedMs), expiresAt: wholeSeconds(issuedMs + 60_000) });
    return signed(Date.now() - 3_600_000);
  }

  promise('another seller finds nothing, by either door, and gets no URL', async () => {
    const id = await uploaded();
    for (const [method, path, body] of [
      ['GET', `/api/products/${id}`, undefined],
      ['POST', `/api/products/${id}/image-urls`, { variant: 'original' }],
      ['POST', '/api/image-urls', { products: [id], variant: 'original' }],
    ] as const) {
      const response = await stranger.call(method, path, body);
      const text = await response.text();
      expect([response.status, JSON.parse(text).error.code]).toEqual([404, 'PRODUCT_NOT_FOUND']);
      expect(text).not.toContain('http');
    }
    const { products } = stranger.trpc();
    const asked = [products.get.query({ id }), products.imageUrls.mutate({ id, variant: 'original' })];
    for (const answer of await Promise.allSettled(asked)) {
      const error = (answer as PromiseRejectedResult).reason as TRPCClientError<AppRouter>;
      expect(error).toBeInstanceOf(TRPCClientError);
      expect(error.data?.code as string | undefined).toBe('PRODUCT_NOT_FOUND');
    }
  });

  promise('deleting the product deletes its objects, and its URLs are dead', async () => {
    const id = await uploaded();
    const product = await read(id);
    expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);
    await server.container.storage.drainer.idle();
    expect((await server.keys()).filter((key) => key.includes(id))).toEqual([]);
    expect((await fetch(product.images[0]!.original_url)).status).toBe(404);
  });
});

function withoutSignature(url: string): string {
  const stripped = new URL(url);
  stripped.searchParams.delete('signature');
  stripped.searchParams.delete('X-Amz-Signature');
  return stripped.href;
}

/** One character of the signature is another. */
function altered(url: string): string {
  return url.replace(
    /(signature=.{10})(.)/i,
    (_all, before: string, char: string) => before + (char === '0' ? '1' : '0'),
  );
}
