import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { Seller } from '../../src/kernel/principal';
import { CommitOutcomeUnknown } from '../../src/platform/database/faults';
import { announcedAs, type DirectKit, directKit, NOTHING_LEFT } from '../support/direct-kit';
import { photo } from '../support/photos';

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

const expireIntents = () =>
  kit.db.sql("update intents set expires_at = now() - interval '1 second' where state = 'open'");
const intent = async () =>
  (await kit.db.sql<{ state: string; expires_at: Date; put_expires_at: Date }>('select * from intents'))[0]!;

describe('an upload that was announced', () => {
  test('has its intent in the journal, for its whole life and with the end of its PUTs, before a URL is given', async () => {
    const { puts } = await kit.start(seller, photos);
    const { state, expires_at, put_expires_at } = await intent();
    expect(state).toBe('open');
    expect(put_expires_at).toEqual(puts[0]!.expiresAt);
    expect((expires_at.getTime() - Date.now()) / 1000).toBeWithin(86_300, 86_401);
  });

  test('and never completed expires: no row and no object is left, and it is unknown', async () => {
    const { productId } = await kit.start(seller, photos, 'a key');
    await kit.send(productId, photos);
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 0 });
    await expireIntents();
    expect(await kit.storage.sweep()).toMatchObject({ expired: 1, drained: 1, refused: 0 });
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
    await expect(kit.completeUpload(seller, productId)).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });

  test('may still be completed while no sweep has seen that its time is over', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    await expireIntents();
    expect(await kit.completeUpload(seller, productId)).toMatchObject({ imageCount: 2 });
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 0 });
    expect(await kit.keys()).toHaveLength(2);
  });

  test('goes with its seller, whoever removes the account', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    await kit.db.sql('delete from users');
    expect((await intent()).state).toBe('draining');
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });

  test('cannot be completed once a sweep has claimed it, be it in the middle of the completion', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const inTransaction: typeof kit.parts.inTransaction = async (work) => {
      await expireIntents();
      await kit.storage.sweep();
      return kit.parts.inTransaction(work);
    };
    const { completeUpload } = kit.with({ inTransaction });
    await expect(completeUpload(seller, productId)).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await kit.count('products')).toBe(0);
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });
});

test('the removal of the account, a completion, a sweep and an end of the same uploads never wait for each other crosswise', async () => {
  for (let round = 0; round < 6; round += 1) {
    const leaving = await kit.seller();
    const { productId } = await kit.start(leaving, photos, 'k');
    await kit.send(productId, photos);
    const unknown = (error: { code?: string }) => {
      if (error.code !== 'PRODUCT_NOT_FOUND') throw error;
    };
    await Promise.all([
      kit.completeUpload(leaving, productId).catch(unknown),
      kit.renewUploadUrls(leaving, productId, []).catch(unknown),
      kit.abortUpload(leaving, productId).catch(unknown),
      kit.db.sql('delete from users where id = $1', [leaving.userId]),
    ]);
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  }
});

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
    expect(await kit.keys()).toHaveLength(2);
  });

  test('takes no photo that was declared anew while it was verified, and gives up where that goes on', async () => {
    const other = await photo({ seed: 4 });
    const { productId, puts } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    let rounds = 0;
    const declareAnew: typeof kit.parts.inTransaction = async (work) => {
      const [kept, changed] = rounds % 2 === 0 ? [photos[0]!, other] : [other, photos[0]!];
      rounds += 1;
      await kit.renewUploadUrls(seller, productId, [{ imageId: puts[0]!.imageId, ...announcedAs(changed) }]);
      await kit.send(productId, [changed]);
      expect(kept).not.toBe(changed);
      return kit.parts.inTransaction(work);
    };
    const { completeUpload } = kit.with({ inTransaction: declareAnew });
    await expect(completeUpload(seller, productId)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(rounds).toBe(3);
    const product = await kit.completeUpload(seller, productId);
    expect(product.images[0]!.sha256).toBe(announcedAs(other).sha256);
    await kit.storage.sweep();
    expect(await kit.keys()).toHaveLength(2);
    expect(await kit.leftovers()).toMatchObject({ uploads: 0, superseded: 0, intents: 0 });
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
    const rows = await kit.db.sql<{ put_expires_at: Date }>('select put_expires_at from product_images');
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
    expect((await kit.completeUpload(seller, productId)).images[0]!.keys.original).toBe(second!);
    await kit.storage.sweep();
    expect(await kit.keys()).not.toContain(first);
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

describe('an upload that is given up', () => {
  test('of a store that does not answer is left to the sweep', async () => {
    const { productId } = await kit.start(seller, photos, 'a key');
    await kit.send(productId, photos);
    const journal = { ...kit.parts.journal, drain: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) };
    await kit.with({ journal }).abortUpload(seller, productId);
    expect(await kit.leftovers()).toMatchObject({ uploads: 0, idempotencyKeys: 0, intents: 1 });
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });

  test('while it is completed ends in one way or the other', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { productId } = await kit.start(seller, photos);
      await kit.send(productId, photos);
      const [completed, aborted] = await Promise.allSettled([
        kit.completeUpload(seller, productId),
        kit.abortUpload(seller, productId),
      ]);
      expect(completed.status).not.toBe(aborted.status);
      await kit.storage.sweep();
      const isThere = (await kit.keys()).some((key) => key.includes(productId));
      expect(isThere).toBe(completed.status === 'fulfilled');
    }
  });
});
