import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { STATUSES, type Status } from '../../src/modules/products/domain/lifecycle';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, aVariant, originalKey, testProducts } from '../support/products-fixture';

let db: TestDatabase;
let seller: Seller;
let products: ReturnType<typeof testProducts>;
let mine: ReturnType<typeof products.as>;

beforeAll(async () => {
  db = await testDatabase();
  products = testProducts(db);
  seller = await aUser(db);
  mine = products.as(seller);
}, 60_000);
afterAll(() => db.drop());

/** Which statuses let a call pass; every other one must answer CONFLICT and change nothing. */
async function passesIn(call: (product: Awaited<ReturnType<typeof aProduct>>) => Promise<unknown>): Promise<Status[]> {
  const passed: Status[] = [];
  for (const status of STATUSES) {
    const product = await aProduct(db, seller, { images: 2, status });
    const before = await mine.get({ id: product.id });
    const code = await call(product).then(
      () => null,
      (error: unknown) => (error as { cause: { code: string } }).cause.code,
    );
    if (code === null) passed.push(status);
    else {
      expect(code).toBe('CONFLICT');
      expect(await mine.get({ id: product.id })).toEqual(before);
    }
  }
  return passed;
}

const orderOf = (product: { images: { id: string; position: number }[] }) => {
  expect(product.images.map(({ position }) => position)).toEqual(product.images.map((_, index) => index));
  return product.images.map(({ id }) => id);
};
const primaryOf = (product: { images: { id: string; is_primary: boolean }[] }) =>
  product.images.filter((image) => image.is_primary).map(({ id }) => id);

describe('the prompt', () => {
  test('is trimmed, kept, and answered with the product', async () => {
    const { id } = await aProduct(db, seller, { status: 'ready' });
    const before = await mine.get({ id });
    const after = await mine.update({ id, prompt_text: '  a much better lamp  ' });
    expect(after).toEqual({ ...before, prompt_text: 'a much better lamp', updated_at: after.updated_at });
    expect(Date.parse(after.updated_at)).toBeGreaterThan(Date.parse(before.updated_at));
    expect(await mine.get({ id })).toEqual(after);
  });

  test('is refused when it is too short or not there, and stays as it was', async () => {
    const { id } = await aProduct(db, seller);
    expect(await answerOf(mine.update({ id, prompt_text: '  short    ' }))).toMatchObject({ code: 'INVALID_PROMPT' });
    for (const prompt of [undefined, null, 1_234_567_890]) {
      const refused = mine.update({ id, prompt_text: prompt as never });
      expect(await answerOf(refused)).toMatchObject({ code: 'INVALID_PROMPT' });
    }
    expect((await mine.get({ id })).prompt_text).toBe('a lamp in good order');
  });

  test('may change while uploading, ready or failed', async () => {
    const passed = await passesIn(({ id }) => mine.update({ id, prompt_text: 'a much better lamp' }));
    expect(passed).toEqual(['uploading', 'ready', 'failed']);
  });
});

describe('the primary image', () => {
  test('moves to another image, and is one at every moment', async () => {
    const { id, images } = await aProduct(db, seller);
    const before = await mine.get({ id });
    const after = await mine.setPrimaryImage({ id, image_id: images[2]! });
    expect(primaryOf(after)).toEqual([images[2]!]);
    expect(orderOf(after)).toEqual([...images]);
    expect(after.primary_image_url).toContain(originalKey(id, images[2]!));
    expect(Date.parse(after.updated_at)).toBeGreaterThan(Date.parse(before.updated_at));
    expect(primaryOf(await mine.setPrimaryImage({ id, image_id: images[2]! }))).toEqual([images[2]!]);
  });

  test('may change in every status but publishing and published', async () => {
    const passed = await passesIn(({ id, images }) => mine.setPrimaryImage({ id, image_id: images[1]! }));
    expect(passed).toEqual(['uploading', 'processing', 'ready', 'failed']);
  });

  test('of a product is none of another product’s images, even of the same seller', async () => {
    const [one, other] = [await aProduct(db, seller), await aProduct(db, seller)];
    const call = mine.setPrimaryImage({ id: one.id, image_id: other.images[0]! });
    expect(await answerOf(call)).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });
});

describe('the order of images', () => {
  test('is the one that was sent, and the primary stays the primary', async () => {
    const { id, images } = await aProduct(db, seller, { images: 4 });
    const order = [images[3]!, images[0]!, images[2]!, images[1]!];
    const after = await mine.reorderImages({ id, image_ids: order });
    expect(orderOf(after)).toEqual(order);
    expect(primaryOf(after)).toEqual([images[0]!]);
    expect(await mine.get({ id })).toEqual(after);
  });

  test('names every image once: a missing, a repeated or an unknown one is refused', async () => {
    const { id, images } = await aProduct(db, seller);
    const [a, b, c] = [images[0]!, images[1]!, images[2]!];
    const answer = (image_ids: string[]) => answerOf(mine.reorderImages({ id, image_ids }));
    expect(await answer([a, b])).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await answer([a, b, b])).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await answer([a, b, c, a])).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await answer([a, b, newId()])).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await answer([a, b, 'no id'])).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await answer([])).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(orderOf(await mine.get({ id }))).toEqual([a, b, c]);
  });

  test('may change while ready or failed', async () => {
    const passed = await passesIn(({ id, images }) => mine.reorderImages({ id, image_ids: [...images].reverse() }));
    expect(passed).toEqual(['ready', 'failed']);
  });
});

describe('an image that is removed', () => {
  test('leaves the others closed up, and its objects to the journal', async () => {
    const { id, images } = await aProduct(db, seller, { images: 4 });
    const thumb = await aVariant(db, images[1]!, 'thumb');
    const drains = products.drains.count;
    const after = await mine.removeImage({ id, image_id: images[1]! });
    expect(orderOf(after)).toEqual([images[0]!, images[2]!, images[3]!]);
    expect(primaryOf(after)).toEqual([images[0]!]);
    expect(after.image_count).toBe(3);
    expect(await journalled([originalKey(id, images[1]!), thumb])).toBe(2);
    expect(products.drains.count).toBe(drains + 1);
  });

  test('gives the primary, if it was that, to the lowest position', async () => {
    const { id, images } = await aProduct(db, seller);
    await mine.reorderImages({ id, image_ids: [images[2]!, images[0]!, images[1]!] });
    const after = await mine.removeImage({ id, image_id: images[0]! });
    expect(primaryOf(after)).toEqual([images[2]!]);
    expect(orderOf(after)).toEqual([images[2]!, images[1]!]);
  });

  test('is never the last one', async () => {
    const { id, images } = await aProduct(db, seller, { images: 1 });
    expect(await answerOf(mine.removeImage({ id, image_id: images[0]! }))).toMatchObject({ code: 'CONFLICT' });
    expect(await answerOf(mine.removeImage({ id, image_id: newId() }))).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect((await mine.get({ id })).image_count).toBe(1);
  });

  test('may go while ready or failed', async () => {
    const passed = await passesIn(({ id, images }) => mine.removeImage({ id, image_id: images[0]! }));
    expect(passed).toEqual(['ready', 'failed']);
  });

  test('is not the last one even when all are removed at once', async () => {
    const { id, images } = await aProduct(db, seller, { images: 4 });
    const removals = await Promise.allSettled(images.map((image_id) => mine.removeImage({ id, image_id })));
    expect(removals.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const left = await mine.get({ id });
    expect(left.image_count).toBe(1);
    expect(primaryOf(left)).toEqual(orderOf(left));
  });
});

describe('edits of one product at once', () => {
  test('follow one another: the images end in one order with one primary', async () => {
    const { id, images } = await aProduct(db, seller, { images: 6 });
    const edits = [
      ...images.map((image_id) => mine.setPrimaryImage({ id, image_id })),
      ...images.slice(0, 3).map((image_id) => mine.removeImage({ id, image_id })),
      mine.update({ id, prompt_text: 'a much better lamp' }),
    ];
    for (const edit of await Promise.allSettled(edits)) {
      if (edit.status === 'rejected') expect(edit.reason.cause).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    }
    const after = await mine.get({ id });
    expect(orderOf(after)).toEqual(images.slice(3));
    expect(primaryOf(after)).toHaveLength(1);
    expect(after.image_count).toBe(3);
  });
});

async function journalled(keys: string[]): Promise<number> {
  return (await db.sql("select 1 from intents where kind = 'delete' and prefix = any($1)", [keys])).length;
}
