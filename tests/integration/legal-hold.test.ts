import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, testProducts } from '../support/products-fixture';

let db: TestDatabase;
let seller: Seller;
let products: ReturnType<typeof testProducts>;
const logged: object[] = [];
const log = { ...console, warn: (fields: object) => logged.push(fields) };

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
  products = testProducts(db, {}, log);
}, 60_000);
afterAll(() => db.drop());

const wholeOf = (id: ProductId) =>
  db.sql(
    `select p.*, (select json_agg(i order by position) from product_images i where i.product_id = p.id) as images
      from products p where p.id = $1`,
    [id],
  );

describe('a product under legal hold', () => {
  test('stays whole when its seller deletes it or one of its images, and the seller is told why', async () => {
    const { id, images } = await aProduct(db, seller);
    await products.setLegalHold(id, true, 'case 4711');
    const before = await wholeOf(id);
    const refused = { code: 'CONFLICT', message: expect.stringContaining('legal hold'), details: undefined };
    expect(await answerOf(products.as(seller).delete({ id }))).toEqual(refused);
    expect(await answerOf(products.as(seller).removeImage({ id, image_id: images[0] as string }))).toEqual(refused);
    expect(await wholeOf(id)).toEqual(before);
    expect(await db.sql('select * from intents where product_id = $1', [id])).toEqual([]);
  });

  test('keeps its seller’s row too, whoever deletes it', async () => {
    const other = await aUser(db);
    const { id } = await aProduct(db, other);
    await products.setLegalHold(id, true, 'case 4711');
    expect(db.sql('delete from users where id = $1', [other.userId])).rejects.toThrow('legal hold');
  });

  test('can be deleted when the hold has ended', async () => {
    const { id, images } = await aProduct(db, seller);
    await products.setLegalHold(id, true, 'case 4712');
    await products.setLegalHold(id, true, 'case 4712, asked again');
    await products.setLegalHold(id, false, 'closed');
    await products.as(seller).removeImage({ id, image_id: images[0] as string });
    await products.as(seller).delete({ id });
    expect(await wholeOf(id)).toEqual([]);
  });

  test('leaves in the log who was told to keep what, and why', async () => {
    const { id } = await aProduct(db, seller);
    await products.setLegalHold(id, true, 'case 4713');
    await products.setLegalHold(id, false, 'closed');
    expect(logged.slice(-2)).toEqual([
      { product_id: id, legal_hold: true, reason: 'case 4713', actor: 'operator' },
      { product_id: id, legal_hold: false, reason: 'closed', actor: 'operator' },
    ]);
  });

  test('must exist', async () => {
    expect(await answerOf(products.setLegalHold(newId<ProductId>(), true, 'x'))).toMatchObject({
      code: 'PRODUCT_NOT_FOUND',
    });
  });
});

describe('a damaged image', () => {
  test('says so where it is shown, and no other one does', async () => {
    const { id, images } = await aProduct(db, seller, { images: 2 });
    await db.sql('update product_images set damaged_at = now() where id = $1', [images[1]]);
    const shown = (await products.as(seller).get({ id })).images;
    expect(shown.map(({ damaged }) => damaged)).toEqual([undefined, true]);
    expect('damaged' in (shown[0] ?? {})).toBe(false);
  });
});
