import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ObjectKey, objectKey } from '../../src/kernel/object-key';
import type { Principal } from '../../src/kernel/principal';
import { photoBy } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { s3Environment } from '../support/server';
import { type WorkKit, workKit } from '../support/work-kit';

const webp = await photoBy((image) => image.webp({ quality: 80 }));
const other = await photoBy((image) => image.webp({ quality: 60 }));

const minio = await s3Server('minio');
const stores = [['the disk store', {}], ...(minio ? [['MinIO', s3Environment(minio)] as const] : [])] as const;

describe.each(stores)('a completion that is overtaken, on %s', (_, environment) => {
  let kit: WorkKit;
  let worker: Principal;

  beforeAll(async () => {
    kit = await workKit(environment);
    worker = await kit.aWorker();
  }, 60_000);
  afterAll(() => kit.stop());

  const work = () => kit.as(worker).work;

  /** Where copies within the store are made so. */
  const elsewhere = (copy: (from: ObjectKey, to: ObjectKey) => Promise<boolean>) =>
    kit.elsewhere(worker, {
      objects: { signPut: (request) => kit.server.container.storage.store.signPut(request), copy },
    });

  test('and whose copies the store makes late revives nothing that was revoked meanwhile, and answers the same', async () => {
    const seller = await kit.aSeller();
    const product = await kit.aProduct(seller, 'processing', 1);
    const [image] = product.images as unknown as [string];
    const { lease_id: id } = await kit.claimOne(worker, product);
    await kit.putResult(worker, id, image, webp);
    const { store } = kit.server.container.storage;
    const [asked, revoked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = elsewhere(async (from, to) => {
      // a copy that was begun in time: what it reads, it has
      const read = objectKey(`aside/${Bun.randomUUIDv7()}.webp`);
      await store.copy(from, read);
      asked.resolve();
      await revoked.promise;
      await store.copy(read, to);
      await store.deleteMany([read]);
      return true;
    }).complete({ id, images: [{ image_id: image }] });
    await asked.promise;
    const answer = await work().complete({ id, images: [{ image_id: image }] });
    const before = (await kit.processedKey(image)) as ObjectKey;
    const { urls } = await kit.as(seller).products.imageUrls({ id: product.id, variant: 'processed' });
    const statusOf = async () => (await fetch(urls[0]?.url ?? '')).status;
    expect(await statusOf()).toBe(200);
    await kit.as(seller).products.revokeUrls({ id: product.id });
    revoked.resolve();
    expect(await late).toEqual(answer);
    expect(await statusOf()).toBe(404);
    expect(await store.head(before)).toBeNull();
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([(await kit.processedKey(image)) as string]);
  });

  test('by another announcement copies anew, and leaves none of its first copies', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'processing', 1);
    const [image] = product.images as unknown as [string];
    const { lease_id: id } = await kit.claimOne(worker, product);
    await kit.putResult(worker, id, image, webp);
    const copied: ObjectKey[] = [];
    await elsewhere(async (from, to) => {
      const isThere = await kit.server.container.storage.copyIfThere(from, to);
      if (copied.push(to) === 1) await kit.putResult(worker, id, image, other);
      return isThere;
    }).complete({ id, images: [{ image_id: image }] });
    const [first, second] = copied as [ObjectKey, ObjectKey];
    expect(await kit.processedKey(image)).toBe(second);
    const { store } = kit.server.container.storage;
    expect([await store.head(first), (await store.head(second))?.sizeBytes]).toEqual([null, other.length]);
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([second]);
  });

  test('by the end of its lease leaves no copies', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'processing', 1);
    const [image] = product.images as unknown as [string];
    const { lease_id: id } = await kit.claimOne(worker, product);
    await kit.putResult(worker, id, image, webp);
    const completion = elsewhere(async (from, to) => {
      const isThere = await kit.server.container.storage.copyIfThere(from, to);
      await kit.expire(id);
      return isThere;
    }).complete({ id, images: [{ image_id: image }] });
    await expect(completion).rejects.toThrow();
    await kit.sweep();
    expect(await kit.keysUnder(product.id)).toEqual([]);
    expect(await kit.processedKey(image)).toBeNull();
  });
});
