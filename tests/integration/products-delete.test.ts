import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Seller } from '../../src/kernel/principal';
import { STATUSES } from '../../src/modules/products/domain/lifecycle';
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

describe('a product that is deleted', () => {
  for (const status of STATUSES) {
    test(`while ${status} is gone at once with all it had, and its objects are journalled`, async () => {
      const { id, images } = await aProduct(db, seller, { status });
      const model = await aVariant(db, images[0]!, 'model');
      const drains = products.drains.count;
      expect(await mine.delete({ id })).toBeUndefined();
      expect(products.drains.count).toBe(drains + 1);
      expect(await answerOf(mine.get({ id }))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
      expect(await answerOf(mine.delete({ id }))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
      expect(await journalled([...images.map((image) => originalKey(id, image)), model])).toBe(4);
      for (const table of ['product_images', 'product_status_history']) {
        expect(await db.sql(`select 1 from ${table} where product_id = $1`, [id])).toEqual([]);
      }
    });
  }
});

async function journalled(keys: string[]): Promise<number> {
  return (await db.sql("select 1 from intents where kind = 'delete' and prefix = any($1)", [keys])).length;
}
