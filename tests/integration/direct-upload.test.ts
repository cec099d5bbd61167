import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sha256OfBytes } from '../../src/kernel/sha256';
import {
  type Awaited,
  abort,
  announced,
  complete,
  type Product,
  problemsOf,
  put,
  putAll,
  renew,
  start,
  uploadDirectly,
  withoutIdsAndTimes,
} from '../support/direct-upload';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, productForm, type SellerClient } from '../support/seller-client';
import { s3Environment, startTestServer, type TestServer } from '../support/server';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

describe.each([
  ['the disk store', true, () => ({})],
  ['MinIO', minio !== null, () => (minio ? s3Environment(minio) : {})],
  ['versitygw', versitygw !== null, () => (versitygw ? s3Environment(versitygw) : {})],
] as const)('a direct upload to %s', (_name, isThere, environment) => {
  const promise = isThere ? test : test.skip;
  let server: TestServer;
  let seller: SellerClient;
  let photos: Buffer[];

  beforeAll(async () => {
    if (!isThere) return;
    server = await startTestServer(environment());
    seller = await aSeller(server);
    photos = [await photo({ seed: 21 }), await photo({ seed: 22, format: 'png' }), await photo({ seed: 23 })];
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });

  const keysOf = async ({ product_id }: Awaited) => (await server.keys()).filter((key) => key.includes(product_id));
  const read = async (id: string) => (await (await seller.call('GET', `/api/products/${id}`)).json()) as Product;

  promise('is announced, sent and completed, and what its URLs deliver are the bytes that were sent', async () => {
    const upload = await start(seller, photos);
    expect(upload).toMatchObject({ status: 'uploading', uploads: [{ method: 'PUT' }, { method: 'PUT' }, {}] });
    const product = await uploadDirectly(seller, photos);
    expect(product).toMatchObject({ status: 'uploading', prompt_text: PROMPT, image_count: 3 });
    expect(product.images.map(({ position, is_primary }) => [position, is_primary])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
    for (const [index, image] of product.images.entries()) {
      const response = await fetch(image.original_url);
      expect(sha256OfBytes(await response.bytes())).toBe(sha256OfBytes(photos[index]!));
      expect(response.headers.get('content-type')).toBe(index === 1 ? 'image/png' : 'image/jpeg');
    }
  });

  promise('gives the same product as multipart and tRPC do, but for ids and times', async () => {
    const direct = await uploadDirectly(seller, photos);
    const multipart = (await (await seller.upload(photos)).json()) as { id: string };
    const trpc = await seller.trpc().products.create.mutate(productForm(photos));
    expect(withoutIdsAndTimes(direct)).toEqual(withoutIdsAndTimes(await read(multipart.id)));
    expect(withoutIdsAndTimes(direct)).toEqual(withoutIdsAndTimes(await read(trpc.id)));
    expect(withoutIdsAndTimes(await read(direct.id))).toEqual(withoutIdsAndTimes(direct));
  });

  promise('judges what was put behind a picture as multipart does, and what was cut off before it', async () => {
    const [jpeg, png] = [photos[0]!, photos[1]!];
    const trailed = [jpeg, png].map((bytes) => Buffer.concat([bytes, Buffer.alloc(20 * 1024)]));
    const multipart = (await (await seller.upload(trailed)).json()) as { id: string };
    const product = await uploadDirectly(seller, trailed);
    expect(withoutIdsAndTimes(product)).toEqual(withoutIdsAndTimes(await read(multipart.id)));
    const broken = [jpeg, png].map((bytes) => Buffer.concat([bytes.subarray(0, -4096), Buffer.alloc(20 * 1024)]));
    expect(await (await seller.upload(broken)).json()).toMatchObject({ error: { code: 'INVALID_IMAGE' } });
    const upload = await start(seller, broken);
    await putAll(upload, broken);
    const problems = await problemsOf(await complete(seller, upload.product_id));
    expect(problems.map(([, problem]) => problem)).toEqual(['INVALID_IMAGE', 'INVALID_IMAGE']);
  });

  promise('goes by tRPC from start to completion too', async () => {
    const { uploads } = seller.trpc();
    const announcement = { prompt_text: PROMPT, images: photos.map(announced) };
    const upload = await uploads.start.mutate(announcement);
    await putAll(upload, photos);
    const product = await uploads.complete.mutate({ product_id: upload.product_id });
    expect(product.images.map(({ sha256 }) => sha256)).toEqual(photos.map(sha256OfBytes));
    const second = await uploads.start.mutate(announcement);
    expect((await uploads.urls.mutate({ product_id: second.product_id })).uploads).toHaveLength(3);
    await uploads.abort.mutate({ product_id: second.product_id });
    await expect(uploads.complete.mutate({ product_id: second.product_id })).rejects.toMatchObject({
      data: { code: 'PRODUCT_NOT_FOUND' },
    });
  });

  promise('shows no product before its completion, which can be repeated and called twice at once', async () => {
    const upload = await start(seller, photos);
    await putAll(upload, photos);
    expect((await seller.call('GET', `/api/products/${upload.product_id}`)).status).toBe(404);
    const answers = await Promise.all([1, 2, 3].map(() => complete(seller, upload.product_id)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const products = await Promise.all(answers.map(async (answer) => (await answer.json()) as Product));
    expect(new Set(products.map(({ id, images }) => [id, ...images.map((image) => image.id)].join())).size).toBe(1);
    const again = (await (await complete(seller, upload.product_id)).json()) as Product;
    expect(again.images).toHaveLength(3);
    await server.container.storage.sweep();
    expect(await keysOf(upload)).toHaveLength(3);
  });

  promise('takes neither other bytes, nor another length, nor another type than were announced', async () => {
    const { uploads } = await start(seller, photos.slice(0, 1));
    const [bytes, upload] = [photos[0]!, uploads[0]!];
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(4000) ^ 1, 4000);
    for (const [refused, change] of [
      [altered, {}],
      [bytes.subarray(0, -1), {}],
      [bytes, { 'content-type': 'image/png' }],
    ] as const) {
      const response = await put({ ...upload, headers: { ...upload.headers, ...change } }, refused);
      expect([400, 403]).toContain(response.status);
    }
    expect((await put(upload, bytes)).ok).toBe(true);
  });

  promise('that lacks an image is refused, naming it; fresh PUTs are given for that one alone', async () => {
    const upload = await start(seller, photos);
    await putAll({ ...upload, uploads: upload.uploads.slice(0, 2) }, photos);
    const third = upload.uploads[2]!.image_id;
    expect(await problemsOf(await complete(seller, upload.product_id))).toEqual([[third, 'MISSING']]);
    const fresh = (await (await renew(seller, upload.product_id)).json()) as Awaited;
    expect(fresh.uploads.map(({ image_id }) => image_id)).toEqual([third]);
    expect((await put(fresh.uploads[0]!, photos[2]!)).ok).toBe(true);
    expect((await complete(seller, upload.product_id)).status).toBe(200);
  });

  promise('names what is no photo, too small, cut off or of another type, and takes other photos instead', async () => {
    const wrong = [
      Buffer.concat([Buffer.from('<html>'), Buffer.alloc(5000)]),
      await photo({ width: 640, height: 480 }),
      (await photo({ width: 1600, height: 1200, seed: 9 })).subarray(0, 150_000),
      photos[0]!,
    ];
    const images = wrong.map((bytes, index) => ({
      ...announced(bytes),
      ...(index === 3 ? { content_type: 'image/png' } : {}),
    }));
    const upload = await seller.trpc().uploads.start.mutate({ prompt_text: PROMPT, images });
    await putAll(upload, wrong);
    const ids = upload.uploads.map(({ image_id }) => image_id);
    expect(await problemsOf(await complete(seller, upload.product_id))).toEqual([
      [ids[0]!, 'UNSUPPORTED_FORMAT'],
      [ids[1]!, 'RESOLUTION_TOO_LOW'],
      [ids[2]!, 'INVALID_IMAGE'],
      [ids[3]!, 'TYPE_MISMATCH'],
    ]);
    const better = [...photos, photos[0]!];
    const changes = better.map((bytes, index) => ({ image_id: ids[index]!, ...announced(bytes) }));
    const fresh = (await (await renew(seller, upload.product_id, changes)).json()) as Awaited;
    expect(fresh.uploads.map(({ image_id }) => image_id)).toEqual(ids);
    await putAll(fresh, better);
    const product = (await (await complete(seller, upload.product_id)).json()) as Product;
    expect(product.images.map(({ id, sha256 }) => [id, sha256])).toEqual(
      ids.map((id, index) => [id, sha256OfBytes(better[index]!)]),
    );
    // What was superseded, and what was copied, goes with the next sweep.
    expect(await keysOf(upload)).toHaveLength(12);
    await server.container.storage.sweep();
    expect(await keysOf(upload)).toHaveLength(4);
    for (const image of product.images) expect((await fetch(image.original_url)).status).toBe(200);
  });

  promise('that is aborted leaves no row and no object, even when a PUT ends after that', async () => {
    const upload = await start(seller, photos);
    await putAll({ ...upload, uploads: upload.uploads.slice(0, 2) }, photos);
    expect((await abort(seller, upload.product_id)).status).toBe(204);
    expect(await keysOf(upload)).toEqual([]);
    expect((await put(upload.uploads[2]!, photos[2]!)).ok).toBe(true); // its URL lives on
    expect(await keysOf(upload)).toHaveLength(1);
    await server.container.storage.sweep();
    expect(await keysOf(upload)).toEqual([]);
    for (const call of [abort, complete, renew]) expect((await call(seller, upload.product_id)).status).toBe(404);
    expect(await server.db.sql('select 1 from direct_uploads where product_id = $1', [upload.product_id])).toEqual([]);
  });
});
