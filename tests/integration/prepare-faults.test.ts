import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { OriginalDamaged, type PrepareObjects } from '../../src/modules/processing/domain/prepare/prepare-objects';
import { photo } from '../support/photos';
import { type PrepareKit, prepareKit } from '../support/prepare-kit';

let kit: PrepareKit;
let seller: Seller;
beforeAll(async () => {
  kit = await prepareKit();
  seller = await kit.seller();
});
afterAll(() => kit.stop());

const EOI = Buffer.from('ffd9', 'hex');
const cutOff = async () => {
  const whole = await photo({ seed: 5 });
  return Buffer.concat([whole.subarray(0, whole.length >> 1), EOI]);
};
const status = async (id: ProductId) => (await kit.statusOf(id)).status;
const imageOf = async (id: ProductId) =>
  (
    await kit.db.sql<{ id: string; original_s3_url: string }>(
      'select id, original_s3_url from product_images where product_id = $1 order by position desc',
      [id],
    )
  )[0]!;

/** The store, with something that happens first. */
function store(change: Partial<PrepareObjects>): PrepareObjects {
  const { store } = kit.storage;
  return {
    get: (key) => store.get(key),
    head: (key) => store.head(key),
    put: (...args) => store.put(...args),
    ...change,
  };
}

describe('a product that the decoder refuses', () => {
  test('fails, naming the image, and has no variants of it', async () => {
    const id = await kit.upload(seller, [await photo(), await cutOff()]);
    await kit.prepare(id);
    const image = await imageOf(id);
    const { processing_error, ...rest } = await kit.statusOf(id);
    expect(rest).toEqual({ status: 'failed', failed_from: 'uploading' });
    expect(processing_error).toStartWith(`Image 2 (${image.id}) cannot be decoded: `);
    expect(processing_error).toContain('premature end');
    expect((await kit.variantsOf(id)).some(({ image_id }) => image_id === image.id)).toBe(false);
    await kit.prepare(id); // there is nothing left to do
    expect(kit.failures.filter((kind) => kind === 'refused').length).toBe(1);
  });

  test('after it was ready keeps its status; its seller is told, and it is not decoded again', async () => {
    const id = await kit.upload(seller, [await photo()]);
    await kit.prepare(id);
    await kit.makeReady(id);
    await kit.addImage(seller, id, await cutOff());
    const before = kit.failures.length;
    await kit.prepare(id);
    await kit.prepare(id);
    expect(kit.failures.slice(before)).toEqual(['refused']);
    expect(await status(id)).toBe('ready');
    const events = await kit.db.sql<{ data: { message?: string; status: string } }>(
      'select data from product_events where product_id = $1 order by number',
      [id],
    );
    expect(events.at(-1)!.data).toMatchObject({
      status: 'ready',
      message: expect.stringContaining('cannot be decoded'),
    });
  });
});

describe('an outage', () => {
  test.each([
    ['while an original is read', { get: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) }],
    ['while a variant is stored', { put: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) }],
  ])('of the store %s fails nothing; afterwards the product goes on', async (_when, fault) => {
    const id = await kit.upload(seller, [await photo()]);
    const broken = kit.with({ objects: store(fault) });
    for (let time = 0; time < 4; time += 1) {
      await expect(broken.prepareProduct(id)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    }
    expect(await status(id)).toBe('uploading');
    expect(kit.failures.at(-1)).toBe('store');
    await kit.prepare(id);
    expect(await status(id)).toBe('processing');
    await kit.expectClean();
  });

  test('of one image does not keep the others from being prepared', async () => {
    const id = await kit.upload(seller, [await photo(), await photo({ seed: 2 })]);
    const last = kit.keyOf((await imageOf(id)).original_s3_url);
    const get: PrepareObjects['get'] = (key) =>
      key === last ? Promise.reject(new AppError('STORAGE_UNAVAILABLE')) : kit.storage.store.get(key);
    await expect(kit.with({ objects: store({ get }) }).prepareProduct(id)).rejects.toThrow();
    expect([(await kit.variantsOf(id)).length, await status(id)]).toEqual([2, 'uploading']);
    await kit.prepare(id);
    expect([(await kit.variantsOf(id)).length, await status(id)]).toEqual([4, 'processing']);
  });

  test.each(['missing', 'damaged'] as const)('that left an original %s in the store is no verdict', async (problem) => {
    const id = await kit.upload(seller, [await photo({ seed: 11 })]);
    const other = new Response(new Uint8Array(await photo({ seed: 12 }))).body!;
    const fault: Partial<PrepareObjects> =
      problem === 'missing'
        ? { get: () => Promise.reject(new Error('gone')), head: () => Promise.resolve(null) }
        : { get: () => Promise.resolve(other) };
    const refusal = await kit
      .with({ objects: store(fault) })
      .prepareProduct(id)
      .catch((error) => error);
    expect(refusal).toBeInstanceOf(OriginalDamaged);
    expect([refusal.problem, await status(id), kit.failures.at(-1)]).toEqual([problem, 'uploading', 'damaged']);
  });
});

describe('a crash', () => {
  test('between put and commit leaves nothing after the drain, and is repeated safely', async () => {
    const id = await kit.upload(seller, [await photo()]);
    // as if the process had ended: nobody abandons the intent either
    const journal = {
      ...kit.storage.journal,
      settle: () => Promise.reject(new Error('crash')),
      abandon: () => Promise.reject(new Error('crash')),
    };
    await expect(kit.with({ journal }).prepareProduct(id)).rejects.toThrow('crash');
    expect((await kit.keys()).filter((key) => key.includes(id)).length).toBe(3);
    await kit.expireIntents();
    await kit.storage.sweep();
    expect((await kit.keys()).filter((key) => key.includes(id)).length).toBe(1);
    await kit.prepare(id);
    expect(await status(id)).toBe('processing');
    await kit.expectClean();
  });
});

describe('a change meanwhile', () => {
  test('revocation moves the original while it is read: it is read where it is now', async () => {
    const id = await kit.upload(seller, [await photo()]);
    let revoked = false;
    const get: PrepareObjects['get'] = async (key) => {
      if (!revoked) {
        revoked = true;
        await kit.revoke(seller, id);
      }
      return kit.storage.store.get(key);
    };
    await kit.with({ objects: store({ get }) }).prepareProduct(id);
    expect([await status(id), (await kit.variantsOf(id)).length]).toEqual(['processing', 2]);
    await kit.expectClean();
  });

  test('revocation after preparing moves the variants too', async () => {
    const id = await kit.upload(seller, [await photo()]);
    await kit.prepare(id);
    const before = await kit.variantsOf(id);
    await kit.revoke(seller, id);
    const after = await kit.variantsOf(id);
    expect(after.map(({ sha256 }) => sha256)).toEqual(before.map(({ sha256 }) => sha256));
    for (const [index, row] of after.entries()) expect(row.s3_url).not.toBe(before[index]!.s3_url);
    await kit.expectClean();
  });

  test.each(['image', 'product'] as const)(
    'removal of the %s: what was made of it is dropped quietly',
    async (what) => {
      const id = await kit.upload(seller, [await photo(), await photo({ seed: 2 })]);
      await kit.prepare(id);
      await kit.makeReady(id);
      await kit.addImage(seller, id, await photo({ seed: 3 }));
      const added = await imageOf(id);
      const put: PrepareObjects['put'] = async (...args) => {
        await kit.storage.store.put(...args);
        await kit.db.sql(
          what === 'image'
            ? 'delete from product_images where id = $1'
            : 'delete from products where id = (select product_id from product_images where id = $1)',
          [added.id],
        );
      };
      await kit.with({ objects: store({ put }) }).prepareProduct(id);
      await kit.storage.sweep();
      await kit.expectClean();
    },
  );

  test('images added to a ready product get their variants without a change of status', async () => {
    const id = await kit.upload(seller, [await photo()]);
    await kit.prepare(id);
    await kit.makeReady(id);
    await kit.addImage(seller, id, await photo({ seed: 9 }));
    await kit.prepare(id);
    expect([(await kit.variantsOf(id)).length, await status(id)]).toEqual([4, 'ready']);
  });
});
