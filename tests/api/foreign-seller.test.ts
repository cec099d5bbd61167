import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import type { Status } from '../../src/modules/products/domain/lifecycle';
import { MultipartInput } from '../../src/platform/http/multipart-input';
import { proceduresOf } from '../support/id-inputs';
import type { TestPart } from '../support/multipart';
import { photo } from '../support/photos';
import type { TestDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, type ProductFixture, testProducts } from '../support/products-fixture';
import { bodyOf, type UploadKit, uploadKit } from '../support/upload-kit';

interface Ids {
  readonly id: string;
  readonly images: readonly string[];
}

/**
 * How to call each procedure that takes an id, so that its owner is let through. A procedure that is missing here fails the
 * first test below: nobody adds one without saying how a stranger would call it.
 */
const CALLS: readonly (readonly [procedure: string, inputOf: (product: Ids) => unknown, status?: Status])[] = [
  ['get', ({ id }) => ({ id })],
  ['history', ({ id }) => ({ id })],
  ['update', ({ id }) => ({ id, prompt_text: 'mine from now on, all of it' })],
  ['delete', ({ id }) => ({ id })],
  ['setPrimaryImage', ({ id, images }) => ({ id, image_id: images[1] })],
  ['reorderImages', ({ id, images }) => ({ id, image_ids: [...images].reverse() })],
  ['removeImage', ({ id, images }) => ({ id, image_id: images[0] })],
  ['imageUrls', ({ id }) => ({ id, variant: 'original' })],
  ['revokeUrls', ({ id }) => ({ id })],
  ['regenerate', ({ id }) => ({ id })],
  ['publish', ({ id }) => ({ id })],
  ['retry', ({ id }) => ({ id }), 'failed'],
  ['imageUrlsBatch', ({ id }) => ({ products: [id], variant: 'original' })],
  ['addImages', ({ id }) => new MultipartInput(bodyOf([photoPart]), { id })], // by REST, the id in the path
  ['addImages', ({ id }) => new MultipartInput(bodyOf([photoPart, { name: 'id', content: id }]))], // by tRPC, in the form
];
const TAKES_NO_ID = ['create', 'list'];

let kit: UploadKit;
let photoPart: TestPart;
let db: TestDatabase;
let owner: Seller;
let stranger: Seller;
let products: ReturnType<typeof testProducts>;

beforeAll(async () => {
  kit = await uploadKit();
  db = kit.db;
  const { journal, store, copyIfThere, drainProduct } = kit.storage;
  products = testProducts(db, {
    prepareQueue: kit.deps.prepareQueue,
    journal,
    originals: store,
    copies: { copy: copyIfThere },
    drainProduct,
    folders: kit.staging,
  });
  photoPart = { name: 'images', fileName: 'lamp.jpg', content: await photo() };
  owner = await aUser(db);
  stranger = await aUser(db);
  // What a stranger asks for is refused for being another's, not because the stranger has nothing.
  await aProduct(db, stranger);
}, 60_000);
afterAll(() => kit.stop());

function call(as: Seller | null, procedure: string, input: unknown): Promise<unknown> {
  const caller = products.as(as) as unknown as Record<string, (input: unknown) => Promise<unknown>>;
  return caller[procedure]?.(input) ?? Promise.reject(new Error(`no procedure ${procedure}`));
}

/** Everything that the database holds of a product. */
async function rowsOf({ id }: ProductFixture): Promise<unknown> {
  const tables = ['work_items', 'product_images', 'product_status_history', 'product_events', 'intents'];
  const rows: unknown[] = await db.sql('select * from products where id = $1', [id]);
  for (const table of tables) {
    rows.push(await db.sql(`select * from ${table} where product_id = $1 order by 1`, [id]));
  }
  return rows;
}

describe('every procedure that takes an id', () => {
  test('is called below', () => {
    const procedures = proceduresOf(products.router);
    const named = (wanted: typeof procedures) => wanted.map(({ path }) => path).sort();
    const called = [...new Set(CALLS.map(([procedure]) => procedure))].sort();
    expect(named(procedures.filter(({ ids }) => ids.length > 0))).toEqual(called);
    expect(named(procedures.filter(({ ids }) => ids.length === 0))).toEqual(TAKES_NO_ID);
  });

  for (const [procedure, inputOf, status = 'ready'] of CALLS) {
    test(`${procedure} answers another seller’s id exactly as an unknown one, and does nothing`, async () => {
      const product = await aProduct(db, owner, { status });
      const before = await rowsOf(product);
      const { signed } = products.imageUrls;
      const unknown = await answerOf(call(stranger, procedure, inputOf({ id: newId(), images: [newId(), newId()] })));
      expect(unknown).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
      expect(await answerOf(call(stranger, procedure, inputOf(product)))).toEqual(unknown);
      expect(await answerOf(call(stranger, procedure, inputOf({ ...product, id: 'no id' })))).toEqual(unknown);
      expect(await rowsOf(product)).toEqual(before);
      expect(products.imageUrls.signed).toBe(signed);
    });

    test(`${procedure} lets the owner through, whichever case the id is written in`, async () => {
      await call(owner, procedure, inputOf(await aProduct(db, owner, { status })));
      const { id, ...rest } = await aProduct(db, owner, { status });
      await call(owner, procedure, inputOf({ ...rest, id: id.toUpperCase() }));
    });
  }
});

describe('every procedure', () => {
  test('asks for a seller’s token: without one UNAUTHENTICATED, with a worker’s or an admin’s FORBIDDEN', async () => {
    const product = await aProduct(db, owner);
    const before = await rowsOf(product);
    const [worker, admin] = [await aUser(db, 'worker'), await aUser(db, 'admin')];
    const inputs = new Map(CALLS.map(([procedure, inputOf]) => [procedure, inputOf]));
    for (const { path } of proceduresOf(products.router)) {
      const input = inputs.get(path)?.(product) ?? {};
      expect(await answerOf(call(null, path, input))).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await answerOf(call(worker, path, input))).toMatchObject({ code: 'FORBIDDEN' });
      expect(await answerOf(call(admin, path, input))).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await rowsOf(product)).toEqual(before);
  });
});
