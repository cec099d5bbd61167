import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import { type ImageId, newId, type ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import type { RevokeUrlsDeps } from '../../src/modules/products/application/revoke-urls';
import { Slots } from '../../src/modules/products/application/slots';
import { drainProduct } from '../../src/modules/storage/application/drain-product';
import { postgresDoomedIntents } from '../../src/modules/storage/infrastructure/postgres-doomed-intents';
import { silentLog } from '../support/log';
import { answerOf } from '../support/products-fixture';
import { type RevocationKit, revocationKit, statusesOf } from '../support/revocation-kit';

let kit: RevocationKit;
let seller: Seller;
let id: ProductId;
beforeAll(async () => {
  kit = await revocationKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  seller = await kit.seller();
  id = await kit.aProduct(seller);
});

/** Does something once all objects are copied, just before the rows are switched; as often as there are attempts. */
function beforeCommit(work: (attempt: number) => Promise<unknown>): Partial<RevokeUrlsDeps> {
  let attempts = 0;
  const settle: typeof kit.deps.journal.settle = async (...args) => {
    attempts += 1;
    await work(attempts);
    return kit.deps.journal.settle(...args);
  };
  return { journal: { ...kit.deps.journal, settle } };
}

const removeVariant = (variant: string) =>
  kit.db.sql(
    'delete from image_variants where variant = $2 and image_id in (select id from product_images where product_id = $1)',
    [id, variant],
  );

/** Of the second image, which had none. */
async function addModel(): Promise<void> {
  const [, image] = (await kit.products.find(seller, id))!.images;
  const key = `products/${id}/${newId()}/${image!.id}/model.webp` as ObjectKey;
  await kit.put(key, Buffer.from('a model'));
  await kit.db.sql(
    `insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
      values ($1, 'model', $2, $3, 7, 320, 240)`,
    [image!.id, `s3://${kit.storage.store.bucket}/${key}`, image!.sha256],
  );
}

describe('a revocation', () => {
  test.each([
    ['goes', 'thumb', () => removeVariant('thumb')],
    ['comes', 'model', () => addModel()],
  ] as const)(
    'that an object %s under (%s) copies again what is there now, and kills every old URL',
    async (...[, , make]) => {
      const old: ObjectKey[] = await kit.keysOf(id);
      const attempts: number[] = [];
      const change = beforeCommit(async (attempt) => {
        attempts.push(attempt);
        if (attempt === 1) await make();
        old.push(...(await kit.keysOf(id)));
      });
      await kit.revoke(seller, id, change);
      expect(attempts).toEqual([1, 2]);
      const urls = kit.signed([...new Set(old)]);
      expect(await statusesOf(urls)).toEqual(urls.map(() => 404));
      await kit.expectClean();
      await kit.contents(id);
    },
  );

  test('of a product that never stands still answers CONFLICT, and leaves it as it is', async () => {
    const keys = await kit.keysOf(id);
    const other = `products/${id}/x/y/processed.jpg` as ObjectKey;
    const change = beforeCommit(async (attempt) => {
      const url = `s3://${kit.storage.store.bucket}/${other}${attempt}.jpg`;
      await kit.put(`${other}${attempt}.jpg` as ObjectKey, Buffer.from('made anew'));
      await kit.db.sql('update product_images set processed_s3_url = $2 where product_id = $1 and position = 0', [
        id,
        url,
      ]);
    });
    expect(await answerOf(kit.revoke(seller, id, change))).toMatchObject({ code: 'CONFLICT' });
    await kit.storage.sweep();
    await kit.expectClean();
    const still = (await kit.keysOf(id)).filter((key) => keys.includes(key));
    expect(still).toHaveLength(4);
  });

  test('is not disturbed by edits that move no object', async () => {
    const [first, second] = (await kit.deps.products.find(seller, id))!.images.map((image) => image.id as ImageId);
    const change = beforeCommit((attempt) => {
      expect(attempt).toBe(1);
      return kit.deps.inTransaction(async (tx) => {
        await kit.deps.products.lock(tx, seller, id);
        await kit.products.setOrder(tx, seller, id, [second!, first!]);
        await kit.products.setPrimary(tx, seller, id, second!);
      });
    });
    expect((await kit.revoke(seller, id, change)).images[0]).toMatchObject({ id: second!, isPrimary: true });
  });

  test('of a product that is deleted meanwhile finds none, and leaves no object', async () => {
    const change = beforeCommit(() => kit.db.sql('delete from products where id = $1', [id]));
    expect(await answerOf(kit.revoke(seller, id, change))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    await kit.storage.sweep();
    expect((await kit.keys()).filter((key) => key.includes(id))).toEqual([]);
  });

  test('of another seller’s product, or of none, finds none and opens no intent', async () => {
    const stranger = await kit.seller();
    const before = await kit.intents();
    for (const [who, what] of [
      [stranger, id],
      [seller, newId<ProductId>()],
    ] as const) {
      expect(await answerOf(kit.revoke(who, what))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    }
    expect(await kit.intents()).toEqual(before);
  });

  test('renews its intent while it copies, so that a slow store is not taken for a dead process', async () => {
    const copy: RevokeUrlsDeps['copies']['copy'] = async (...args) => {
      await kit.expireIntents();
      await Bun.sleep(200);
      await kit.storage.sweep();
      return kit.deps.copies.copy(...args);
    };
    await kit.revoke(seller, id, { copies: { copy }, renewEveryMs: 20, putSlots: new Slots(1) });
    await kit.expectClean();
  });

  test('whose store fails half way answers so, and what it has copied is gone', async () => {
    const keys = await kit.keysOf(id);
    let copies = 0;
    const copy: RevokeUrlsDeps['copies']['copy'] = async (...args) => {
      copies += 1;
      if (copies === 3) throw new AppError('STORAGE_UNAVAILABLE');
      return kit.deps.copies.copy(...args);
    };
    const away = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));
    const revoking = kit.revoke(seller, id, { copies: { copy }, storeAnswers: away });
    expect(await answerOf(revoking)).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await kit.keysOf(id)).toEqual(keys);
    await kit.expectClean();
  });

  test('of which the store can’t copy one object kills the URLs of the others, and answers well only when that one is moved', async () => {
    const old = await kit.keysOf(id);
    const bad = old.find((key) => key.includes('thumb'));
    const copy: RevokeUrlsDeps['copies']['copy'] = async (from, ...rest) => {
      if (from === bad) throw new AppError('STORAGE_UNAVAILABLE');
      return kit.deps.copies.copy(from, ...rest);
    };
    const urls = kit.signed(old);
    const revoking = kit.revoke(seller, id, { copies: { copy } });
    expect(await answerOf(revoking)).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await statusesOf(urls)).toEqual(old.map((key) => (key === bad ? 200 : 404)));
    await kit.revoke(seller, id);
    expect(await statusesOf(urls)).toEqual(old.map(() => 404));
    await kit.expectClean();
  });

  test('never answers well while an old key still does', async () => {
    const old = await kit.keysOf(id);
    const { store } = kit.storage;
    const lazy = { ...bound(store), deleteMany: async () => undefined, check: () => store.check() };
    const intents = postgresDoomedIntents(kit.db.database.orm, [store.bucket], 3600);
    const drain = drainProduct({ intents, store: lazy, pins: kit.storage.pins, log: silentLog });
    expect(await answerOf(kit.revoke(seller, id, { drainProduct: drain }))).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
    await kit.revoke(seller, id);
    const urls = kit.signed(old);
    expect(await statusesOf(urls)).toEqual(urls.map(() => 404));
  });

  test('finds rows that carry a former name of the bucket, and gives them the present one', async () => {
    await kit.db.sql(
      "update product_images set original_s3_url = replace(original_s3_url, $2, 's3://former-images/') where product_id = $1",
      [id, `s3://${kit.storage.store.bucket}/`],
    );
    await kit.revoke(seller, id);
    const rows = await kit.db.sql<{ url: string }>(
      'select original_s3_url as url from product_images where product_id = $1',
      [id],
    );
    expect(rows.every(({ url }) => url.startsWith(`s3://${kit.storage.store.bucket}/`))).toBe(true);
  });

  test('of a product without images has nothing to do but what others have left', async () => {
    const old = kit.signed(await kit.keysOf(id));
    await kit.db.sql('delete from product_images where product_id = $1', [id]);
    expect((await kit.revoke(seller, id)).images).toEqual([]);
    expect(await statusesOf(old)).toEqual(old.map(() => 404));
  });
});

function bound(store: RevocationKit['storage']['store']) {
  return { head: store.head.bind(store), list: store.list.bind(store), copy: store.copy.bind(store) };
}
