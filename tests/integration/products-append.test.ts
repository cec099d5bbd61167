import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ImageId, newId } from '../../src/kernel/ids';
import { objectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { appendImages } from '../../src/modules/products/application/append-images';
import { STATUSES } from '../../src/modules/products/domain/lifecycle';
import type { ProductRepository } from '../../src/modules/products/domain/ports';
import type { StoredImage } from '../../src/modules/products/domain/received-image';
import { productRepository } from '../../src/modules/products/infrastructure/product-repository';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { transactionsOf } from '../../src/platform/database/transaction';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { answerOf, aProduct, aUser, BUCKET, type ProductFixture, testProducts } from '../support/products-fixture';

let db: TestDatabase;
let seller: Seller;
let products: ReturnType<typeof testProducts>;
let repository: ProductRepository;

beforeAll(async () => {
  db = await testDatabase();
  products = testProducts(db);
  repository = productRepository(db.database, storedUrls(BUCKET, []));
  seller = await aUser(db);
}, 60_000);
afterAll(() => db.drop());

function stored(count: number): StoredImage[] {
  return Array.from({ length: count }, (_, position) => {
    const id = newId<ImageId>();
    return {
      id,
      position,
      key: objectKey(`added/${id}/original.png`),
      file: { path: '/nowhere', sizeBytes: 2000 + position, sha256: sha256OfBytes(id) },
      facts: { format: 'png', contentType: 'image/png', extension: 'png', width: 1000, height: 800 },
    };
  });
}

const append = (by: Seller, { id }: Pick<ProductFixture, 'id'>, images: StoredImage[]) =>
  transactionsOf(db.database)((tx) => appendImages({ products: repository, maxImages: 8 })(tx, by, id, images));

describe('images that are added', () => {
  test('stand behind those that were there; the primary stays', async () => {
    const product = await aProduct(db, seller, { images: 2 });
    const images = stored(2);
    const answered = await append(seller, product, images);
    const ids = [...product.images, ...images.map(({ id }) => id)];
    expect(answered.images.map(({ id }) => id)).toEqual(ids);
    expect(answered.images.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
    expect(answered.images.map(({ isPrimary }) => isPrimary)).toEqual([true, false, false, false]);
    expect(answered.imageCount).toBe(4);
    expect(answered.images[3]).toMatchObject({
      fileSizeBytes: 2001,
      fileFormat: 'png',
      resolutionWidth: 1000,
      resolutionHeight: 800,
      sha256: images[1]!.file.sha256,
      keys: { original: images[1]!.key, thumb: null, model: null, processed: null },
    });
    const [row] = await db.sql('select original_s3_url from product_images where id = $1', [images[0]!.id]);
    expect(row).toEqual({ original_s3_url: `s3://${BUCKET}/${images[0]!.key}` });
  });

  test('to a product without any, begin with the primary', async () => {
    const product = await aProduct(db, seller, { images: 0 });
    const { images } = await append(seller, product, stored(2));
    expect(images.map(({ isPrimary }) => isPrimary)).toEqual([true, false]);
  });

  test('are taken while ready or failed', async () => {
    const taken: string[] = [];
    for (const status of STATUSES) {
      const product = await aProduct(db, seller, { images: 1, status });
      const added = await append(seller, product, stored(1)).then(
        () => null,
        (error: unknown) => error,
      );
      if (added === null) taken.push(status);
      else expect(added).toMatchObject({ code: 'CONFLICT' });
    }
    expect(taken).toEqual(['ready', 'failed']);
  });

  test('by many requests at once, do not pass the limit together', async () => {
    const product = await aProduct(db, seller, { images: 3 });
    const added = await Promise.allSettled(Array.from({ length: 6 }, () => append(seller, product, stored(2))));
    expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const one of added) {
      if (one.status === 'rejected') {
        expect(one.reason).toMatchObject({ code: 'TOO_MANY_IMAGES', details: { max_images: 8, image_count: 7 } });
      }
    }
    expect((await products.as(seller).get({ id: product.id })).images.map(({ position }) => position)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
  });

  test('to another seller’s product are refused as to an unknown one', async () => {
    const foreign = await aProduct(db, await aUser(db), { images: 1 });
    const unknown = await answerOf(append(seller, { id: newId() }, stored(1)));
    expect(unknown.code).toBe('PRODUCT_NOT_FOUND');
    expect(await answerOf(append(seller, foreign, stored(1)))).toEqual(unknown);
  });
});
