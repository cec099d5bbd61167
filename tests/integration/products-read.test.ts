import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, aVariant, BUCKET, originalKey, testProducts } from '../support/products-fixture';

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

describe('a product', () => {
  test('is answered with its images in order, as the contract says them, nothing else', async () => {
    const { id, images } = await aProduct(db, seller, { images: 2, status: 'ready' });
    const [first, second] = images as [(typeof images)[0], (typeof images)[0]];
    const thumb = await aVariant(db, first, 'thumb');
    await aVariant(db, first, 'model');
    await db.sql('update product_images set processed_s3_url = $1 where id = $2', [`s3://${BUCKET}/done.webp`, second]);
    const product = await mine.get({ id });
    expect(product).toEqual({
      id,
      status: 'ready',
      prompt_text: 'a lamp in good order',
      image_count: 2,
      primary_image_url: expect.stringContaining(thumb),
      failed_from: null,
      processing_started_at: null,
      processing_completed_at: instant,
      processing_error: null,
      created_at: instant,
      updated_at: instant,
      images: images.map((image, position) => ({
        id: image,
        original_url: expect.stringContaining(`/${originalKey(id, image)}?`),
        processed_url: position === 1 ? expect.stringContaining('/done.webp?') : null,
        thumb_url: position === 0 ? expect.stringContaining(thumb) : null,
        is_primary: position === 0,
        position,
        file_size_bytes: 1000,
        file_format: 'jpeg',
        resolution_width: 1600,
        resolution_height: 1200,
        sha256: sha256OfBytes(image),
        uploaded_at: instant,
      })),
    });
  });

  test('tells the store how its files are typed and named', async () => {
    const { id, images } = await aProduct(db, seller, { images: 1 });
    const url = new URL((await mine.get({ id })).images[0]!.original_url);
    expect(url.searchParams.get('contentType')).toBe('image/jpeg');
    expect(url.searchParams.get('fileName')).toBe(`${images[0]}-original.jpg`);
  });

  test('that failed says in which status, and what processing wrote down', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'failed' });
    await db.sql(
      "update products set processing_started_at = '2026-01-01T00:00:00Z', processing_error = 'no light' where id = $1",
      [id],
    );
    expect(await mine.get({ id })).toMatchObject({
      status: 'failed',
      failed_from: 'processing',
      processing_started_at: '2026-01-01T00:00:00.000Z',
      processing_completed_at: instant,
      processing_error: 'no light',
      primary_image_url: null,
      images: [],
    });
  });

  test('is found by its id in upper case', async () => {
    const { id } = await aProduct(db, seller);
    expect((await mine.get({ id: id.toUpperCase() })).id).toBe(id);
  });

  test('whose row names a former name of the bucket is read by its key', async () => {
    const { id, images } = await aProduct(db, seller, { images: 1 });
    await db.sql("update product_images set original_s3_url = 's3://former-images/old/key.jpg' where id = $1", [
      images[0],
    ]);
    expect((await mine.get({ id })).images[0]?.original_url).toContain('store.test/old/key.jpg');
  });

  test('whose row names a strange bucket is INTERNAL, and the name of the bucket stays here', async () => {
    const { id, images } = await aProduct(db, seller, { images: 1 });
    await db.sql("update product_images set original_s3_url = 's3://strange-images/key.jpg' where id = $1", [
      images[0],
    ]);
    const answer = await answerOf(mine.get({ id }));
    expect(answer).toMatchObject({ code: 'INTERNAL', details: undefined });
    expect(answer.message).not.toContain('strange-images');
    await db.sql('delete from products where id = $1', [id]);
  });
});

describe('an id that is none', () => {
  const texts = [
    '',
    'x',
    '42',
    "' or 1=1 --",
    '00000000-0000-0000-0000-00000000000g',
    `${newId()} `,
    '../../etc/passwd',
  ];
  for (const id of texts) {
    test(`(${JSON.stringify(id)}) is answered as an unknown one`, async () => {
      const unknown = await answerOf(mine.get({ id: newId() }));
      expect(unknown.code).toBe('PRODUCT_NOT_FOUND');
      expect(await answerOf(mine.get({ id }))).toEqual(unknown);
      expect(await answerOf(mine.imageUrlsBatch({ products: [id], variant: 'thumb' }))).toEqual(unknown);
    });
  }
});

describe('the history', () => {
  test('tells every change from the first one on, with who and why', async () => {
    const { id } = await aProduct(db, seller, { status: 'uploading' });
    await products.changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: 'system', reason: null });
    await products.changeStatus({ productId: id, event: 'FAIL', actor: 'worker:eyes', reason: 'too dark' });
    const retriedBy = `seller:${seller.userId}`;
    await products.changeStatus({ productId: id, event: 'RETRY', actor: retriedBy, reason: null });
    expect(await mine.history({ id })).toEqual({
      history: [
        // Made by the tests' SQL: the database role's name is not shown.
        { from: null, to: 'uploading', event: 'CREATE', actor: 'operator', reason: null, at: instant },
        { from: 'uploading', to: 'processing', event: 'UPLOADS_VERIFIED', actor: 'system', reason: null, at: instant },
        { from: 'processing', to: 'failed', event: 'FAIL', actor: 'worker:eyes', reason: 'too dark', at: instant },
        { from: 'failed', to: 'processing', event: 'RETRY', actor: 'seller', reason: null, at: instant },
      ],
    });
  });
});
