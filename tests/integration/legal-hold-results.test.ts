import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Principal, Seller } from '../../src/kernel/principal';
import { photoBy } from '../support/photos';
import { answerOf, type ProductFixture } from '../support/products-fixture';
import { announced, put, type WorkKit, workKit } from '../support/work-kit';

const first = await photoBy((image) => image.webp({ quality: 80 }));
const other = await photoBy((image) => image.webp({ quality: 60 }));

const REFUSED = { code: 'CONFLICT', message: expect.stringContaining('legal hold'), details: undefined };

let kit: WorkKit;
let worker: Principal;
let seller: Seller;

beforeAll(async () => {
  kit = await workKit();
  worker = await kit.aWorker();
  seller = await kit.aSeller();
}, 60_000);
afterAll(() => kit.stop());

const hold = (id: ProductFixture['id'], isHeld: boolean) =>
  kit.server.container.products.setLegalHold(id, isHeld, 'case 4711');

/** A worker who has stored a result for the only image, and has not completed the work yet. */
async function resultOf(product: ProductFixture, bytes: Buffer): Promise<{ complete(): Promise<unknown>; id: string }> {
  const { lease_id: id } = await kit.claimOne(worker, product);
  const [image_id] = product.images as unknown as [string];
  const { uploads } = await kit.as(worker).work.resultUrls({ id, images: [announced(image_id, bytes)] });
  for (const upload of uploads) expect(await put(upload, bytes)).toBeWithin(200, 205);
  return { id, complete: () => kit.as(worker).work.complete({ id, images: [{ image_id }] }) };
}

async function processed(): Promise<ProductFixture> {
  const product = await kit.aProduct(seller, 'processing', 1);
  await (await resultOf(product, first)).complete();
  return product;
}

/** The bytes of the processed image that the row names. */
async function processedBytes({ id }: ProductFixture): Promise<Buffer> {
  const [row] = await kit.rows<{ key: ObjectKey }>(
    "select substring(processed_s3_url from '^s3://[^/]+/(.*)$') as key from product_images where product_id = $1",
    id,
  );
  if (!row) throw new Error('it has no image');
  return Buffer.from(await Bun.readableStreamToBytes(await kit.server.container.storage.store.get(row.key)));
}

describe('a processed image of a product under legal hold', () => {
  test('stays: its product is not processed again, by its seller or by an operator', async () => {
    const product = await processed();
    await hold(product.id, true);
    expect(await answerOf(kit.as(seller).products.regenerate({ id: product.id }))).toEqual(REFUSED);
    const change = { productId: product.id, event: 'REGENERATE', actor: 'operator', reason: null } as const;
    expect(await answerOf(kit.server.container.products.changeStatus(change))).toEqual(REFUSED);
    expect(await kit.product(product)).toMatchObject({ status: 'ready' });
  });

  test('stays when a worker ends what was begun before the hold; afterwards the work can be done', async () => {
    const product = await processed();
    await kit.as(seller).products.regenerate({ id: product.id });
    const late = await resultOf(product, other);
    await hold(product.id, true);
    expect(await answerOf(late.complete())).toEqual(REFUSED);
    await kit.as(worker).work.fail({ id: late.id, error: 'refused', retryable: false });
    expect(await answerOf(kit.as(seller).products.retry({ id: product.id }))).toEqual(REFUSED);
    await kit.sweep();
    expect((await processedBytes(product)).equals(first)).toBe(true);
    await hold(product.id, false);
    await kit.as(seller).products.retry({ id: product.id });
    await (await resultOf(product, other)).complete();
    await kit.sweep();
    expect((await processedBytes(product)).equals(other)).toBe(true);
  });

  test('gets another key when URLs are revoked, with the same bytes', async () => {
    const product = await processed();
    await hold(product.id, true);
    const before = await kit.server.keys();
    await kit.as(seller).products.revokeUrls({ id: product.id });
    expect((await processedBytes(product)).equals(first)).toBe(true);
    const ofProduct = (key: string) => key.startsWith(`products/${product.id}/`);
    const after = (await kit.server.keys()).filter(ofProduct);
    expect(after.length).toBe(1);
    expect(before).not.toContain(after[0] as string);
  });

  test('can be the first one: nothing is replaced by it', async () => {
    const product = await kit.aProduct(seller, 'processing', 1);
    await hold(product.id, true);
    await (await resultOf(product, first)).complete();
    expect((await processedBytes(product)).equals(first)).toBe(true);
    expect(await kit.product(product)).toMatchObject({ status: 'ready' });
  });

  test('is not forgotten by hand either', async () => {
    const product = await processed();
    await hold(product.id, true);
    const forgotten = kit.rows('update product_images set processed_s3_url = null where product_id = $1', product.id);
    await expect(forgotten).rejects.toThrow('legal hold');
  });
});
