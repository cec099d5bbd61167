import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo, photoBy } from '../support/photos';
import { answerOf, type ProductFixture } from '../support/products-fixture';
import { s3Server } from '../support/s3-servers';
import { s3Environment } from '../support/server';
import { announced, put, type WorkKit, workKit } from '../support/work-kit';

const webp = await photoBy((image) => image.webp({ quality: 80 }));
const other = await photoBy((image) => image.webp({ quality: 60 }));
const jpeg = await photo({ width: 400, height: 300 });
const png = await photo({ width: 500, height: 500, format: 'png' });

const minio = await s3Server('minio');
const stores = [['the disk store', {}], ...(minio ? [['MinIO', s3Environment(minio)] as const] : [])] as const;

describe.each(stores)('results on %s', (_, environment) => {
  let kit: WorkKit;
  let worker: Principal;

  beforeAll(async () => {
    kit = await workKit(environment);
    worker = await kit.aWorker();
  }, 60_000);
  afterAll(() => kit.stop());

  const work = () => kit.as(worker).work;

  async function leased(): Promise<{ product: ProductFixture; id: string }> {
    const product = await kit.aProduct(await kit.aSeller());
    return { product, id: (await kit.claimOne(worker, product)).lease_id };
  }

  test('become the product’s processed images when the work is completed, each type as it is', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'processing', 3);
    const { lease_id: id } = await kit.claimOne(worker, product);
    const files = [
      [webp, 'image/webp'],
      [jpeg, 'image/jpeg'],
      [png, 'image/png'],
    ] as const;
    const images = product.images.map((image, n) => announced(image, files[n]![0], files[n]![1]));
    const { uploads } = await work().resultUrls({ id, images });
    for (const [n, upload] of uploads.entries()) expect(await put(upload, files[n]![0])).toBeWithin(200, 205);
    await work().complete({
      id,
      images: product.images.map((image_id) => ({ image_id, processing_metadata: { crop: true } })),
    });
    const rows = await kit.rows<{ processed_at: Date; processing_metadata: unknown }>(
      'select processed_at, processing_metadata from product_images where product_id = $1',
      product.id,
    );
    for (const row of rows)
      expect(row).toEqual({ processed_at: expect.any(Date), processing_metadata: { crop: true } });
    const known = await kit.rows(
      'select processed_sha256 as sha256, processed_file_size_bytes as size from product_images where product_id = $1 order by position',
      product.id,
    );
    expect(known).toEqual(files.map(([bytes]) => ({ sha256: sha256OfBytes(bytes), size: bytes.length })));
    const named: string[] = [];
    for (const [n, image] of product.images.entries()) {
      const key = (await kit.processedKey(image))!;
      named.push(key);
      const bytes = await Bun.readableStreamToBytes(await kit.server.container.storage.store.get(key as never));
      expect(Buffer.from(bytes).equals(files[n]![0])).toBe(true);
      // what a PUT was signed for is not what the row names: nobody can write there
      expect(uploads.some(({ url }) => url.includes(key))).toBe(false);
    }
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual(named.sort());
    expect(await kit.rows("select 1 from intents where product_id = $1 and state = 'open'", product.id)).toEqual([]);
    expect(await kit.rows('select 1 from work_results')).toEqual([]);
    // until the last PUT that was allowed cannot end any more, what comes is deleted
    const tombs = await kit.rows<{ late: boolean }>(
      "select tombstone_until > put_expires_at + interval '59 minutes' as late from intents where product_id = $1 and put_expires_at is not null",
      product.id,
    );
    expect(tombs).toEqual([{ late: true }, { late: true }, { late: true }]);
  });

  test('that are missing, of another type or cut off are refused by name, and the lease lives on', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'processing', 5);
    const { lease_id: id } = await kit.claimOne(worker, product);
    const [absent, mistyped, cut, cutJpeg, good] = product.images as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    await work().resultUrls({ id, images: [announced(absent, webp)] });
    await kit.putResult(worker, id, mistyped, jpeg, 'image/webp');
    await kit.putResult(worker, id, cut, webp.subarray(0, webp.length - 100));
    await kit.putResult(worker, id, cutJpeg, jpeg.subarray(0, jpeg.length - 100), 'image/jpeg');
    await kit.putResult(worker, id, good, webp);
    const images = product.images.map((image_id) => ({ image_id }));
    const refused = await answerOf(work().complete({ id, images }));
    expect(refused).toMatchObject({
      code: 'UPLOAD_INCOMPLETE',
      details: {
        images: [
          { image_id: absent, problem: 'MISSING' },
          { image_id: mistyped, problem: 'TYPE_MISMATCH' },
          { image_id: cut, problem: 'INVALID_IMAGE' },
          { image_id: cutJpeg, problem: 'INVALID_IMAGE' },
        ],
      },
    });
    expect(await kit.product(product)).toMatchObject({ status: 'processing' });
    for (const image of [absent, mistyped, cut, cutJpeg]) await kit.putResult(worker, id, image, other);
    await work().complete({ id, images });
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toHaveLength(5);
  });

  test('with other bytes than announced do not even get into the store', async () => {
    const { product, id } = await leased();
    const [image] = product.images as unknown as [string];
    const { uploads } = await work().resultUrls({ id, images: [announced(image, webp)] });
    const wrong = Buffer.from(webp);
    wrong[wrong.length - 1]! ^= 1;
    expect(await put(uploads[0]!, wrong)).toBeGreaterThanOrEqual(400);
    expect(await answerOf(work().complete({ id, images: [{ image_id: image }] }))).toMatchObject({
      details: { images: [{ problem: 'MISSING' }] },
    });
  });

  test('announced anew take the place of the ones before, whose bytes go', async () => {
    const { product, id } = await leased();
    const [image] = product.images as unknown as [string];
    await kit.putResult(worker, id, image, webp);
    await kit.putResult(worker, id, image, other);
    await work().resultUrls({ id, images: [announced(image, other)] });
    // the same announcement keeps its key
    expect(await kit.rows('select superseded from work_results where lease_id = $1 order by superseded', id)).toEqual([
      { superseded: false },
      { superseded: true },
    ]);
    await work().complete({ id, images: [{ image_id: image }] });
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([(await kit.processedKey(image))!]);
    const head = await kit.server.container.storage.store.head((await kit.processedKey(image)) as never);
    expect(head?.sizeBytes).toBe(other.length);
  });

  test('that are not named when the work is completed are thrown away', async () => {
    const { product, id } = await leased();
    await kit.putResult(worker, id, product.images[0]!, webp);
    await work().complete({ id, images: [] });
    await kit.sweep();
    expect(await kit.processedKey(product.images[0]!)).toBeNull();
    expect(await kit.keysUnder(product.id)).toEqual([]);
  });

  test('replaced after a regeneration take the old object with them', async () => {
    const seller = await kit.aSeller();
    const product = await kit.aProduct(seller);
    const [image] = product.images as unknown as [string];
    const first = await kit.claimOne(worker, product);
    await kit.putResult(worker, first.lease_id, image, webp);
    await work().complete({ id: first.lease_id, images: [{ image_id: image }] });
    const old = await kit.processedKey(image);
    await kit.as(seller).products.regenerate({ id: product.id });
    const second = await kit.claimOne(worker, product);
    await kit.putResult(worker, second.lease_id, image, other);
    await work().complete({ id: second.lease_id, images: [{ image_id: image }] });
    const now = await kit.processedKey(image);
    expect(now).not.toBe(old);
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([now!]);
  });

  test('of a lost lease leave nothing, not even by a PUT after the loss', async () => {
    const { product, id } = await leased();
    const [image, late] = product.images as unknown as [string, string];
    await kit.putResult(worker, id, image, webp);
    const { uploads } = await work().resultUrls({ id, images: [announced(late, other)] });
    await kit.expire(id);
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([]);
    expect(await put(uploads[0]!, other)).toBeWithin(200, 205); // the store knows nothing of leases
    const images = [{ image_id: image }, { image_id: late }];
    expect(await answerOf(work().complete({ id, images }))).toMatchObject({ code: 'LEASE_LOST' });
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([]);
    expect(await kit.processedKey(image)).toBeNull();
    expect(await kit.processedKey(late)).toBeNull();
  });

  test('of work that failed leave nothing', async () => {
    const { product, id } = await leased();
    await kit.putResult(worker, id, product.images[0]!, webp);
    await work().fail({ id, error: 'the model is busy', retryable: true });
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([]);
  });

  test('are completed once by many calls at once, and nothing else is left', async () => {
    const { product, id } = await leased();
    for (const image of product.images) await kit.putResult(worker, id, image, webp);
    const images = product.images.map((image_id) => ({ image_id }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => work().complete({ id, images })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toHaveLength(2);
    expect(await work().complete({ id, images })).toEqual(answers[0]!);
  });

  test('stay as long as heartbeats keep the lease', async () => {
    const { product, id } = await leased();
    await kit.putResult(worker, id, product.images[0]!, webp);
    await kit.rows("update intents set expires_at = now() + interval '1 s' where id = $1", id);
    await work().heartbeat({ id });
    const [intent] = await kit.rows<{ seconds: number }>(
      'select extract(epoch from i.expires_at - l.expires_at)::int as seconds from intents i join work_leases l using (id) where id = $1',
      id,
    );
    expect(intent).toEqual({ seconds: 60 });
  });
});
