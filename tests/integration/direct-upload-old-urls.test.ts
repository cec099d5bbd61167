import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { complete, type Product, put, putAll, start } from '../support/direct-upload';
import { photo } from '../support/photos';
import { statusesOf } from '../support/revocation-kit';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { s3Environment, startTestServer, type TestServer } from '../support/server';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

describe.each([
  ['the disk store', true, () => ({})],
  ['MinIO', minio !== null, () => (minio ? s3Environment(minio) : {})],
  ['versitygw', versitygw !== null, () => (versitygw ? s3Environment(versitygw) : {})],
] as const)('with a PUT URL of a completed upload to %s that still lives', (_name, isThere, environment) => {
  const promise = isThere ? test : test.skip;
  let server: TestServer;
  let seller: SellerClient;
  let photos: Buffer[];

  beforeAll(async () => {
    if (!isThere) return;
    server = await startTestServer(environment());
    seller = await aSeller(server);
    photos = [await photo({ seed: 31 }), await photo({ seed: 32, format: 'png' })];
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });

  const keysOf = async (id: string) => (await server.keys()).filter((key) => key.includes(id));

  async function completed() {
    const upload = await start(seller, photos);
    await putAll(upload, photos);
    const product = (await (await complete(seller, upload.product_id)).json()) as Product;
    const id = upload.product_id;
    const gets = product.images.map((image) => image.original_url);
    expect(await statusesOf(gets)).toEqual([200, 200]);
    return { id, gets, puts: upload.uploads };
  }

  /** Every one is taken by the store, whose signatures nobody can take back. */
  async function putAgain(puts: readonly Parameters<typeof put>[0][]): Promise<void> {
    for (const [index, again] of puts.entries()) expect((await put(again, photos[index]!)).ok).toBe(true);
  }

  promise('no GET URL of a deleted product works again, and what is put is deleted until PUTs are dead', async () => {
    const { id, gets, puts } = await completed();
    expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);
    await server.container.storage.drainer.idle();
    expect(await keysOf(id)).toEqual([]);
    await putAgain(puts);
    expect(await keysOf(id)).toHaveLength(2);
    expect(await statusesOf(gets)).toEqual([404, 404]);
    await server.container.storage.sweep();
    expect(await keysOf(id)).toEqual([]);
    expect(await statusesOf(gets)).toEqual([404, 404]);
    const tombstones = await server.db.sql<{ seconds: number }>(
      `select extract(epoch from tombstone_until - now())::int as seconds from intents
        where product_id = $1 and put_expires_at is not null`,
      [id],
    );
    expect(tombstones).toHaveLength(2);
    // The PUT URL's hour and PUT_MAX_DURATION after it.
    for (const { seconds } of tombstones) expect(seconds).toBeWithin(7100, 7201);
  });

  promise('no GET URL from before a revocation works again', async () => {
    const { id, gets, puts } = await completed();
    const revoked = await seller.call('POST', `/api/products/${id}/revoke-urls`);
    expect(revoked.status).toBe(200);
    expect(await keysOf(id)).toHaveLength(2);
    await putAgain(puts);
    expect(await statusesOf(gets)).toEqual([404, 404]);
    await server.container.storage.sweep();
    const now = ((await revoked.json()) as Product).images.map((image) => image.original_url);
    expect(await statusesOf([...gets, ...now])).toEqual([404, 404, 200, 200]);
    expect(await keysOf(id)).toHaveLength(2);
  });

  promise(
    'the bytes cannot be changed while they are kept: the key is taken until it is deleted, and then not named',
    async () => {
      const { id, gets, puts } = await completed();
      const altered = Buffer.from(photos[0]!);
      altered.writeUInt8(altered.readUInt8(4000) ^ 1, 4000);
      expect((await put(puts[0]!, altered)).ok).toBe(false);
      await server.container.storage.sweep();
      expect((await put(puts[0]!, altered)).ok).toBe(false);
      expect(await statusesOf(gets)).toEqual([200, 200]);
      expect(await keysOf(id)).toHaveLength(2);
    },
  );
});
