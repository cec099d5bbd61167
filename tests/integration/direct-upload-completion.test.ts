import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { Seller } from '../../src/kernel/principal';
import { createProduct } from '../../src/modules/products/application/create-product';
import { CommitOutcomeUnknown } from '../../src/platform/database/faults';
import { announcedAs, type DirectKit, directKit } from '../support/direct-kit';
import { photo } from '../support/photos';
import { bodyOf, PROMPT, productParts } from '../support/upload-kit';

let kit: DirectKit;
let seller: Seller;
let photos: Buffer[];

beforeAll(async () => {
  kit = await directKit();
  photos = [await photo({ seed: 1 }), await photo({ seed: 2, format: 'png' })];
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.storage.sweep();
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

const intent = async () =>
  (await kit.db.sql<{ state: string; expires_at: Date; put_expires_at: Date }>('select * from intents'))[0]!;

describe('completion', () => {
  test('reads the head and the tail of a photo, and asks for it once', async () => {
    const large = await photo({ width: 2400, height: 1800, seed: 3, quality: 95 });
    const { productId } = await kit.start(seller, [large]);
    await kit.send(productId, [large]);
    const seen = { bytes: 0, heads: 0 };
    const objects: typeof kit.parts.objects = {
      signPut: (request) => kit.storage.store.signPut(request),
      head: (key) => {
        seen.heads += 1;
        return kit.storage.store.head(key);
      },
      get: (key, range) => {
        seen.bytes += range.end - range.start + 1;
        return kit.storage.store.get(key, range);
      },
    };
    await kit.with({ objects }).completeUpload(seller, productId);
    expect(large.length).toBeGreaterThan(500_000);
    expect(seen).toEqual({ heads: 1, bytes: (64 + 16) * 1024 });
  });

  test('whose commit got no answer gives the product when it is repeated', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const inTransaction: typeof kit.parts.inTransaction = async (work) => {
      await kit.parts.inTransaction(work);
      throw new CommitOutcomeUnknown(new Error('connection reset'));
    };
    await expect(kit.with({ inTransaction }).completeUpload(seller, productId)).rejects.toThrow(CommitOutcomeUnknown);
    expect(await kit.completeUpload(seller, productId)).toMatchObject({ id: productId, imageCount: 2 });
    await kit.storage.sweep();
    expect(await kit.keys()).toHaveLength(2);
  });

  test('takes no photo that was declared anew while it was verified, and gives up where that goes on', async () => {
    const other = await photo({ seed: 4 });
    const { productId, puts } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const declared: Buffer[] = [];
    const declareAnew: typeof kit.parts.inTransaction = async (work) => {
      const changed = declared.length % 2 === 0 ? other : photos[0]!;
      declared.push(changed);
      await kit.renewUploadUrls(seller, productId, [{ imageId: puts[0]!.imageId, ...announcedAs(changed) }]);
      await kit.send(productId, [changed]);
      return kit.parts.inTransaction(work);
    };
    const { completeUpload } = kit.with({ inTransaction: declareAnew });
    await expect(completeUpload(seller, productId)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(declared).toHaveLength(6); // of three rounds, each the commit and the giving up of its copies
    const product = await kit.completeUpload(seller, productId);
    expect(product.images[0]!.sha256).toBe(announcedAs(declared.at(-1)!).sha256);
    await kit.storage.sweep();
    expect(await kit.keys()).toHaveLength(2);
    expect(await kit.leftovers()).toMatchObject({ uploads: 0, superseded: 0, intents: 0 });
  });

  test('whose photos went away because another call has completed it meanwhile gives the product', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const { store } = kit.storage;
    const keys = await kit.keysOf(productId);
    let completion: Promise<unknown> | undefined;
    const objects: typeof kit.parts.objects = {
      signPut: (request) => store.signPut(request),
      get: (key, range) => store.get(key, range),
      head: async (key) => {
        completion ??= kit.completeUpload(seller, productId);
        await completion;
        await store.deleteMany(keys);
        return store.head(key);
      },
    };
    const product = await kit.with({ objects }).completeUpload(seller, productId);
    expect(product).toMatchObject({ id: productId, imageCount: 2 });
  });

  test('is not kept from its product by multipart uploads of the same id, however they meet', async () => {
    const parts = productParts(PROMPT, photos.slice(1));
    for (let round = 0; round < 8; round += 1) {
      const { productId } = await kit.start(seller, photos);
      await kit.send(productId, photos);
      const create = async (afterMs: number) => {
        await Bun.sleep(afterMs);
        return createProduct(kit.deps)(seller, { body: bodyOf(parts), idempotencyKey: null, productId });
      };
      const [completed, ...created] = await Promise.allSettled([
        kit.completeUpload(seller, productId),
        ...[0, 2, 4, 8, 16].map((wait) => create(wait * (1 + round / 4))),
      ]);
      expect(completed).toMatchObject({ status: 'fulfilled', value: { id: productId, imageCount: 2 } });
      for (const one of created) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
    }
    await kit.storage.sweep();
    expect(await kit.keys()).toHaveLength(16);
  });

  test('of a store that does not answer changes nothing and can be repeated', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const down = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));
    const objects = { ...kit.parts.objects, head: kit.storage.store.head.bind(kit.storage.store), get: down };
    await expect(kit.with({ objects }).completeUpload(seller, productId)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
    expect((await kit.completeUpload(seller, productId)).imageCount).toBe(2);
  });

  test('names an image that goes away while it is read as missing', async () => {
    const { productId, puts } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const [gone] = await kit.keysOf(productId);
    const { store } = kit.storage;
    const objects: typeof kit.parts.objects = {
      signPut: (request) => store.signPut(request),
      head: (key) => store.head(key),
      get: async (key, range) => {
        await store.deleteMany([gone!]);
        return store.get(key, range);
      },
    };
    await expect(kit.with({ objects }).completeUpload(seller, productId)).rejects.toMatchObject({
      code: 'UPLOAD_INCOMPLETE',
      details: { images: [{ image_id: puts[0]!.imageId, problem: 'MISSING' }] },
    });
  });
});

describe('fresh URLs', () => {
  test('put off the end of the tombstone that is to come', async () => {
    const { productId, puts } = await kit.start(seller, photos);
    const later = new Date(Date.now() + 1_800_000);
    const fresh = await kit.with({ clock: () => later }).renewUploadUrls(seller, productId, []);
    expect(fresh.puts).toHaveLength(2);
    expect(fresh.puts[0]!.expiresAt.getTime() - puts[0]!.expiresAt.getTime()).toBeWithin(1_790_000, 1_810_001);
    expect((await intent()).put_expires_at).toEqual(fresh.puts[0]!.expiresAt);
    const earlier = await kit.with({ putUrlTtlSeconds: 60 }).renewUploadUrls(seller, productId, []);
    expect(earlier.puts[0]!.expiresAt < fresh.puts[0]!.expiresAt).toBe(true);
    expect((await intent()).put_expires_at).toEqual(fresh.puts[0]!.expiresAt);
    await kit.send(productId, photos);
    await kit.completeUpload(seller, productId);
    const rows = await kit.db.sql<{ put_expires_at: Date }>("select put_expires_at from intents where kind = 'delete'");
    expect(rows.map((row) => row.put_expires_at)).toEqual([fresh.puts[0]!.expiresAt, fresh.puts[0]!.expiresAt]);
  });

  test('of an object that holds other bytes than announced name a new key', async () => {
    const { productId, puts } = await kit.start(seller, photos);
    const [first] = await kit.keysOf(productId);
    await kit.send(productId, [photos[1]!, photos[1]!]);
    await expect(kit.completeUpload(seller, productId)).rejects.toMatchObject({
      details: { images: [{ image_id: puts[0]!.imageId, problem: 'SIZE_MISMATCH' }] },
    });
    const fresh = await kit.renewUploadUrls(seller, productId, []);
    expect(fresh.puts.map(({ imageId }) => imageId)).toEqual([puts[0]!.imageId]);
    const [second] = await kit.keysOf(productId);
    expect(second).not.toBe(first);
    await kit.putBytes(second!, photos[0]!);
    const { images } = await kit.completeUpload(seller, productId);
    await kit.storage.sweep();
    expect(await kit.keys()).toEqual(images.map(({ keys }) => keys.original).sort());
    expect(await kit.keys()).not.toContain(first);
  });

  test('of an upload that is complete are none, be it completed meanwhile; no other photo is taken then', async () => {
    const { productId, puts } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const completedFirst: typeof kit.parts.inTransaction = async (work) => {
      await kit.completeUpload(seller, productId);
      return kit.parts.inTransaction(work);
    };
    const meanwhile = kit.with({ inTransaction: completedFirst }).renewUploadUrls(seller, productId, []);
    expect(await meanwhile).toEqual({ productId, puts: [] });
    expect(await kit.renewUploadUrls(seller, productId, [])).toEqual({ productId, puts: [] });
    const other = [{ imageId: puts[0]!.imageId, ...announcedAs(photos[1]!) }];
    await expect(kit.renewUploadUrls(seller, productId, other)).rejects.toMatchObject({ code: 'CONFLICT' });
    const asked = kit.renewUploadUrls(await kit.seller(), productId, []);
    await expect(asked).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });

  test('are refused for an image that is not there, named twice, or too large together', async () => {
    const { productId, puts } = await kit.start(seller, photos);
    const changed = { imageId: puts[0]!.imageId, ...announcedAs(photos[1]!) };
    const refused = (changes: (typeof changed)[], parts = {}) =>
      kit
        .with(parts)
        .renewUploadUrls(seller, productId, changes)
        .then(String, (error) => error.code);
    expect(await refused([{ ...changed, imageId: 'none' as never }])).toBe('IMAGE_NOT_FOUND');
    expect(await refused([changed, changed])).toBe('VALIDATION_FAILED');
    expect(await refused([{ ...changed, sizeBytes: 11 * 2 ** 20 }])).toBe('IMAGE_TOO_LARGE');
    const uploadLimits = { maxImages: 8, maxImageBytes: 2 ** 24, maxUploadBytes: 2 * photos[1]!.length - 1 };
    expect(await refused([changed], { uploadLimits })).toBe('REQUEST_TOO_LARGE');
    expect(await kit.leftovers()).toMatchObject({ uploads: 1, superseded: 0 });
  });
});
