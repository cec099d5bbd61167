import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { openTestDatabase, type TestDatabase, testDatabase } from '../support/postgres';
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

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('signed URLs', () => {
  test('of one variant come for every image, and null where it is not made yet', async () => {
    const { id, images } = await aProduct(db, seller, { images: 2 });
    const model = await aVariant(db, images[1]!, 'model');
    expect(await mine.imageUrls({ id, variant: 'model' })).toEqual({
      urls: [
        { image_id: images[0]!, variant: 'model', url: null, expires_at: null },
        { image_id: images[1]!, variant: 'model', url: expect.stringContaining(model), expires_at: instant },
      ],
    });
    const { urls } = await mine.imageUrls({ id, variant: 'original' });
    expect(urls.map(({ url }) => url)).toEqual(images.map((image) => expect.stringContaining(originalKey(id, image))));
  });

  test('live as long as asked for, by default as long as configured', async () => {
    const { id } = await aProduct(db, seller, { images: 1 });
    const life = async (expires_in?: number) => {
      const { urls } = await mine.imageUrls({ id, variant: 'original', expires_in });
      return Math.round((Date.parse(urls[0]!.expires_at!) - Date.now()) / 1000);
    };
    expect([await life(), await life(60), await life(3600)]).toEqual([900, 60, 3600]);
    for (const expires_in of [59, 3601, 100.5]) {
      const call = mine.imageUrls({ id, variant: 'original', expires_in });
      expect(await answerOf(call)).toMatchObject({ code: 'VALIDATION_FAILED' });
    }
  });

  test('of many products come in the order they were asked for, each product once', async () => {
    const [one, two] = [await aProduct(db, seller, { images: 2 }), await aProduct(db, seller, { images: 1 })];
    const { urls } = await mine.imageUrlsBatch({ products: [two.id, one.id, two.id], variant: 'original' });
    expect(urls.map((url) => url.image_id)).toEqual([...two.images, ...one.images]);
  });

  test('of a hundred products take one query', async () => {
    const ids: ProductId[] = [];
    while (ids.length < 100) ids.push((await aProduct(db, seller, { images: 1 })).id);
    const statements: string[] = [];
    const database = openTestDatabase(db.url, { record: (statement) => statements.push(statement) });
    const { urls } = await testProducts({ ...db, database })
      .as(seller)
      .imageUrlsBatch({ products: ids, variant: 'original' });
    await database.close();
    expect([urls.length, statements]).toEqual([100, ['select']]);
  });

  test('of a product without images are none', async () => {
    const { id } = await aProduct(db, seller, { images: 0 });
    expect(await mine.imageUrlsBatch({ products: [id], variant: 'original' })).toEqual({ urls: [] });
  });

  test('are issued for none of a hundred products when one of them is another seller’s', async () => {
    const own = await aProduct(db, seller, { images: 1 });
    const foreign = await aProduct(db, await aUser(db), { images: 1 });
    const before = products.imageUrls.signed;
    const call = mine.imageUrlsBatch({ products: [own.id, foreign.id], variant: 'original' });
    expect(await answerOf(call)).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(products.imageUrls.signed).toBe(before);
  });

  test('are asked for 1 to 100 products and a variant that exists', async () => {
    const ids = Array.from({ length: 101 }, () => newId());
    const refused = [{ products: ids }, { products: [] }, { products: ids.slice(1), variant: 'huge' }];
    for (const input of refused) {
      const call = mine.imageUrlsBatch({ variant: 'original', ...input } as never);
      expect(await answerOf(call)).toMatchObject({ code: 'VALIDATION_FAILED' });
    }
    const hundred = mine.imageUrlsBatch({ products: ids.slice(1), variant: 'original' });
    expect(await answerOf(hundred)).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });
});
