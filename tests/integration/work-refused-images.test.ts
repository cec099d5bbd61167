import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Principal, Seller } from '../../src/kernel/principal';
import { aVariant, type ProductFixture } from '../support/products-fixture';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;
let seller: Seller;
let product: ProductFixture;
let whole: string;
let refused: string;

beforeAll(async () => {
  kit = await workKit();
  worker = await kit.aWorker();
  seller = await kit.aSeller();
}, 60_000);
afterAll(() => kit.stop());

/** Of its two photos the decoder has refused the second one. */
beforeEach(async () => {
  await kit.rows('delete from products');
  product = await kit.aProduct(seller);
  [whole, refused] = product.images as unknown as [string, string];
  await aVariant(kit.db, product.images[0]!, 'model');
  await kit.rows('update product_images set prepared_at = now() where id = $1', whole);
  await refuse(refused);
});

const refuse = (image: string) =>
  kit.rows(
    `update product_images set prepared_at = null, processing_metadata = '{"prepare_refused": "it is cut off"}' where id = $1`,
    image,
  );
const idsOf = (images: readonly { id: string }[]) => images.map(({ id }) => id);

test('a worker is not given a photo that the decoder has refused, and the others become the product’s', async () => {
  const { lease_id: id, images } = await kit.claimOne(worker, product);
  expect(idsOf(images)).toEqual([whole]);
  expect(idsOf((await kit.as(worker).work.urls({ id })).images)).toEqual([whole]);
  await kit.as(worker).work.complete({ id, images: [{ image_id: whole, processing_metadata: { score: 0.9 } }] });
  expect(await kit.product(product)).toMatchObject({ status: 'ready' });
});

test('its original is given to who names it, as any other’s', async () => {
  const { lease_id: id } = await kit.claimOne(worker, product);
  const { images } = await kit.as(worker).work.urls({ id, variants: ['model', 'original'] });
  expect(idsOf(images)).toEqual([whole, refused]);
  expect(images[1]?.urls).toEqual({ model: null, original: expect.stringContaining(`${refused}/original.jpg?`) });
});

test('a product all of whose photos are refused is given without any, so that its worker can say why it fails', async () => {
  await kit.rows('delete from image_variants where image_id = $1', whole);
  await refuse(whole);
  const { lease_id: id, images } = await kit.claimOne(worker, product);
  expect(images).toEqual([]);
  await kit.as(worker).work.fail({ id, error: 'none of its photos can be decoded', retryable: false });
  expect(await kit.product(product)).toMatchObject({
    status: 'failed',
    processing_error: 'none of its photos can be decoded',
  });
});

test('while publishing it is given where there is a processed image of it', async () => {
  await kit.rows('delete from products');
  const published = await kit.aProduct(seller, 'publishing');
  const [first, second] = published.images;
  await refuse(first!);
  await refuse(second!);
  await kit.rows("update product_images set processed_s3_url = 's3://test-images/done.webp' where id = $1", second);
  const { images } = await kit.claimOne(worker, published, { phase: 'publishing' });
  expect(idsOf(images)).toEqual([second!]);
});

test('its seller reads why, and nothing of it where the photo was decoded after all', async () => {
  const refusals = async () => (await kit.as(seller).products.get({ id: product.id })).images.map((one) => one.refused);
  expect(await refusals()).toEqual([undefined, 'it is cut off']);
  await kit.rows('update product_images set prepared_at = now() where id = $1', refused);
  expect(await refusals()).toEqual([undefined, undefined]);
});
