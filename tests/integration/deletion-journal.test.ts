import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import { type DirectKit, directKit } from '../support/direct-kit';
import { photo } from '../support/photos';
import { aVariant } from '../support/products-fixture';

let kit: DirectKit;
let id: ProductId;
let putExpiresAt: Date;

beforeAll(async () => {
  kit = await directKit();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.db.sql('delete from intents');
  const photos = [await photo({ seed: 1 })];
  const seller = await kit.seller();
  const started = await kit.start(seller, photos);
  id = started.productId;
  putExpiresAt = started.puts[0]!.expiresAt;
  await kit.send(id, photos);
  await kit.completeUpload(seller, id);
  // as a version left it that kept the objects where their PUTs had brought them
  await kit.db.sql('update product_images set put_expires_at = $1', [putExpiresAt]);
  await kit.db.sql('delete from intents');
});

const journalled = () =>
  kit.db.sql<{ prefix: string; put_expires_at: Date | null }>(
    'select kind, product_id, state, prefix, put_expires_at from intents order by prefix',
  );
const imageOf = async () =>
  (
    await kit.db.sql<{ id: string; original_s3_url: string; put_expires_at: Date | null }>(
      'select * from product_images',
    )
  )[0]!;

describe('a key that loses its row', () => {
  test.each([
    ['by its removal', 'delete from product_images'],
    ['with its product', 'delete from products'],
    ['with its seller', 'delete from users'],
    ['to another key', "update product_images set original_s3_url = original_s3_url || '.new'"],
  ])('%s: is journalled with the end of its presigned PUT', async (_, sql) => {
    await kit.db.sql(sql);
    expect(await journalled()).toMatchObject([
      { kind: 'delete', product_id: id, state: 'draining', put_expires_at: putExpiresAt },
    ]);
  });

  test('leaves that end behind: the key that follows it has had no presigned PUT', async () => {
    expect((await imageOf()).put_expires_at).toEqual(putExpiresAt);
    await kit.db.sql('update product_images set is_primary = is_primary');
    expect((await imageOf()).put_expires_at).toEqual(putExpiresAt);
    await kit.db.sql("update product_images set original_s3_url = original_s3_url || '.new'");
    expect((await imageOf()).put_expires_at).toBeNull();
  });
});

describe('the key of a variant', () => {
  async function variantKeys(): Promise<string[]> {
    const { id: imageId, original_s3_url } = await imageOf();
    await aVariant(kit.db, imageId as never, 'model');
    await aVariant(kit.db, imageId as never, 'thumb');
    const thumb = original_s3_url.replace('original', 'thumb');
    await kit.db.sql("update image_variants set s3_url = $1 where variant = 'thumb'", [thumb]);
    await kit.db.sql('delete from intents');
    return [thumb.replace(/^s3:\/\/[^/]+\//, ''), `variants/${imageId}/model.jpg`];
  }

  test.each([
    ['deleted', 'delete from image_variants'],
    ['deleted with its product', 'delete from products'],
    ['replaced', "update image_variants set s3_url = s3_url || '.new'"],
  ])('that is %s is journalled with its product, which the key tells', async (_, sql) => {
    const [thumb, elsewhere] = await variantKeys();
    await kit.db.sql(sql);
    const intents = await journalled();
    expect(intents.find(({ prefix }) => prefix === thumb)).toMatchObject({ product_id: id, put_expires_at: null });
    expect(intents.find(({ prefix }) => prefix === elsewhere)).toMatchObject({ product_id: null });
  });
});
