import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { encodeCursor } from '../../src/modules/products/api/page-cursor';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, aVariant, originalKey, testProducts } from '../support/products-fixture';

let db: TestDatabase;
let products: ReturnType<typeof testProducts>;

beforeAll(async () => {
  db = await testDatabase();
  products = testProducts(db);
}, 60_000);
afterAll(() => db.drop());

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

/** Oldest first; the second and third of the same instant. */
async function fiveProducts(seller: Seller): Promise<ProductId[]> {
  const times = [at(0), at(1), at(1), at(2), at(3)];
  const ids: ProductId[] = [];
  for (const createdAt of times) ids.push((await aProduct(db, seller, { images: 1, createdAt })).id);
  return ids;
}

describe('a list of products', () => {
  test('of a seller who has none is empty, with a total of 0', async () => {
    const page = await products.as(await aUser(db)).list();
    expect(page).toEqual({ products: [], total: 0, limit: 20, offset: 0, has_more: false, next_cursor: null });
  });

  test('holds what the contract says of each product, and its primary image’s URL', async () => {
    const seller = await aUser(db);
    const { id, images } = await aProduct(db, seller, { createdAt: at(0), prompt: 'a green bicycle' });
    const { products: listed } = await products.as(seller).list();
    expect(listed).toEqual([
      {
        id,
        status: 'ready',
        prompt_text: 'a green bicycle',
        image_count: 3,
        primary_image_url: expect.stringContaining(originalKey(id, images[0]!)),
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    const thumb = await aVariant(db, images[0]!, 'thumb');
    await aVariant(db, images[0]!, 'model');
    await aVariant(db, images[1]!, 'thumb');
    const again = await products.as(seller).list();
    expect(again.products).toHaveLength(1);
    expect(again.products[0]?.primary_image_url).toContain(thumb);
  });

  test('names no image where the product has none', async () => {
    const seller = await aUser(db);
    await aProduct(db, seller, { images: 0, status: 'uploading' });
    const { products: listed } = await products.as(seller).list();
    expect(listed[0]).toMatchObject({ image_count: 0, primary_image_url: null });
  });

  test('comes newest first and is followed by cursor to its end, without a repeat or a gap', async () => {
    const seller = await aUser(db);
    const ids = await fiveProducts(seller);
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await products.as(seller).list({ limit: 2, cursor });
      expect(page).toMatchObject({ total: 5, limit: 2, offset: cursor ? null : 0 });
      expect(page.has_more).toBe(page.next_cursor !== null);
      pages.push(page.products.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    // Ids are UUIDv7: of the two of one instant, the later one is greater and comes first.
    expect(pages).toEqual([[ids[4]!, ids[3]!], [ids[2]!, ids[1]!], [ids[0]!]]);
  });

  test('followed by cursor, is not disturbed by products that come and go', async () => {
    const seller = await aUser(db);
    const ids = await fiveProducts(seller);
    const first = await products.as(seller).list({ limit: 2 });
    await aProduct(db, seller, { images: 1, createdAt: at(9) });
    await products.as(seller).delete({ id: ids[3]! }); // the very one that the cursor names
    const second = await products.as(seller).list({ limit: 2, cursor: first.next_cursor! });
    expect(second.products.map(({ id }) => id)).toEqual([ids[2]!, ids[1]!]);
    expect(second.total).toBe(5);
  });

  test('by offset begins behind so many, and says exactly how many there are even behind the end', async () => {
    const seller = await aUser(db);
    const ids = await fiveProducts(seller);
    const middle = await products.as(seller).list({ limit: 2, offset: 1 });
    expect(middle.products.map(({ id }) => id)).toEqual([ids[3]!, ids[2]!]);
    expect(middle).toMatchObject({ offset: 1, has_more: true });
    const exact = await products.as(seller).list({ limit: 2, offset: 3 });
    expect(exact).toMatchObject({ has_more: false, next_cursor: null });
    const behind = await products.as(seller).list({ limit: 2, offset: 99 });
    expect(behind).toEqual({ products: [], total: 5, limit: 2, offset: 99, has_more: false, next_cursor: null });
  });

  test('takes its numbers as text too, as a query string brings them', async () => {
    const seller = await aUser(db);
    await fiveProducts(seller);
    const query = { limit: '2', offset: '4' };
    expect(await products.as(seller).list(query)).toMatchObject({ limit: 2, offset: 4, has_more: false });
  });

  test('of one status holds and counts that status alone', async () => {
    const seller = await aUser(db);
    const failed = await aProduct(db, seller, { images: 1, status: 'failed', createdAt: at(0) });
    await aProduct(db, seller, { images: 1, status: 'ready', createdAt: at(1) });
    const newer = await aProduct(db, seller, { images: 1, status: 'failed', createdAt: at(2) });
    const page = await products.as(seller).list({ status: 'failed', limit: 1 });
    expect(page).toMatchObject({ total: 2, has_more: true, products: [{ id: newer.id }] });
    const rest = await products.as(seller).list({ status: 'failed', limit: 1, cursor: page.next_cursor! });
    expect(rest).toMatchObject({ total: 2, has_more: false, products: [{ id: failed.id, status: 'failed' }] });
    expect(await products.as(seller).list({ status: 'published' })).toMatchObject({ total: 0, products: [] });
  });

  test('counts what was deleted no more', async () => {
    const seller = await aUser(db);
    const ids = await fiveProducts(seller);
    await products.as(seller).delete({ id: ids[0]! });
    expect(await products.as(seller).list({ limit: 1 })).toMatchObject({ total: 4 });
    await db.sql('delete from products where id = $1', [ids[1]]);
    expect(await products.as(seller).list({ status: 'ready' })).toMatchObject({ total: 3 });
  });

  test('never shows or counts another seller’s products, whatever the cursor', async () => {
    const [mine, theirs] = [await aUser(db), await aUser(db)];
    const ids = await fiveProducts(theirs);
    const cursor = encodeCursor({ createdAt: at(3), id: ids[4]! });
    expect(await products.as(mine).list()).toMatchObject({ products: [], total: 0 });
    expect(await products.as(mine).list({ cursor })).toMatchObject({ products: [], total: 0 });
  });

  const wrong = {
    'a limit of 0': { limit: 0 },
    'a limit of 101': { limit: 101 },
    'half a limit': { limit: 1.5 },
    'a negative offset': { offset: -1 },
    'an offset that is no number': { offset: 'many' },
    'an unknown status': { status: 'lost' },
    'an unknown field': { colour: 'green' },
    'an invented cursor': { cursor: 'bm90IGEgY3Vyc29y' },
    'an empty cursor': { cursor: '' },
    'a cursor together with an offset': { cursor: encodeCursor({ createdAt: at(0), id: newId() }), offset: 0 },
  };
  for (const [what, input] of Object.entries(wrong)) {
    test(`is refused for ${what}`, async () => {
      const answer = await answerOf(products.as(await aUser(db)).list(input as never));
      expect(answer).toMatchObject({ code: 'VALIDATION_FAILED', details: { fields: [{ path: expect.any(String) }] } });
    });
  }
});

describe('the plan of a page', () => {
  test('walks the index in its order and reads one page of it, however many products there are', async () => {
    const seller = await aUser(db);
    await db.sql(
      `insert into products (id, user_id, prompt_text, created_at)
        select gen_random_uuid(), $1, 'a lamp in good order', '2026-01-01'::timestamptz + n * interval '1 second'
        from generate_series(1, 3000) n`,
      [seller.userId],
    );
    await db.sql('analyze products');
    const reads = async (call: () => Promise<unknown>) => {
      const before = await rowsRead();
      await call();
      return (await rowsRead()) - before;
    };
    const first = await products.as(seller).list({ limit: 20 });
    const cursor = encodeCursor({
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, 1)),
      id: first.products[0]!.id as ProductId,
    });
    expect(first.total).toBe(3000);
    expect(await reads(() => products.as(seller).list({ limit: 20 }))).toBeLessThanOrEqual(60);
    expect(await reads(() => products.as(seller).list({ limit: 20, cursor }))).toBeLessThanOrEqual(60);
    expect(await reads(() => products.as(seller).list({ limit: 20, status: 'uploading', cursor }))).toBeLessThanOrEqual(
      60,
    );
  });

  /** Rows of products read from the table or fetched by an index, as the server counts them. */
  async function rowsRead(): Promise<number> {
    // Sessions report what they have counted when they are idle, at most once a second; asked for, at once.
    const connections = await Promise.all(Array.from({ length: 10 }, () => db.database.connect()));
    await Promise.all(connections.map((one) => one.query('select pg_stat_force_next_flush()')));
    for (const one of connections) one.release();
    await db.sql('select pg_stat_force_next_flush()');
    const [row] = await db.sql<{ n: string }>(
      "select seq_tup_read + idx_tup_fetch as n from pg_stat_user_tables where relname = 'products'",
    );
    return Number(row?.n);
  }
});
