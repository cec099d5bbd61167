import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type ImageId, newId, type ProductId } from '../../src/kernel/ids';
import { objectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { PlacedImage } from '../../src/modules/products/domain/product';
import { type Quota, requireQuota } from '../../src/modules/products/domain/quota';
import { postgresSellerLedger } from '../../src/modules/products/infrastructure/postgres-seller-ledger';
import { postgresUploadedProducts } from '../../src/modules/products/infrastructure/postgres-uploaded-products';
import { productRepository } from '../../src/modules/products/infrastructure/product-repository';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { toAppError } from '../../src/platform/http/to-app-error';
import { type DirectKit, directKit } from '../support/direct-kit';
import { photo } from '../support/photos';
import { PROMPT, productParts } from '../support/upload-kit';

let kit: DirectKit;
let seller: Seller;
let picture: Buffer;

beforeAll(async () => {
  kit = await directKit();
  picture = await photo();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

/** The use cases as they are put together under a quota. */
function under(quota: Quota) {
  const urls = storedUrls(kit.storage.store.bucket, []);
  const { orm } = kit.db.database;
  const check = requireQuota(quota, postgresSellerLedger(orm));
  return {
    deps: { products: postgresUploadedProducts(orm, urls, quota), requireQuota: check },
    repository: productRepository(kit.db.database, urls, quota),
    direct: kit.with({ quota, requireQuota: check }),
  };
}

/** A photo that was stored, of the size of the picture. */
function placed(position: number): PlacedImage {
  const id = newId<ImageId>();
  return {
    id,
    position,
    isPrimary: false,
    key: objectKey(`added/${id}/original.jpg`),
    file: { sizeBytes: picture.length, sha256: sha256OfBytes(id) },
    facts: { format: 'jpeg', contentType: 'image/jpeg', extension: 'jpg', width: 900, height: 700 },
  };
}

const answerOf = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error) => toAppError(error).code as string,
  );
/** On a machine that has other things to do, some may wait too long for a connection: they come again. */
async function lastAnswerOf(work: () => Promise<unknown>): Promise<string> {
  const answer = await answerOf(work());
  return answer === 'DATABASE_UNAVAILABLE' ? lastAnswerOf(work) : answer;
}
const held = async () =>
  (await kit.db.sql('select count(*)::int as products, coalesce(sum(image_bytes), 0)::int as bytes from products'))[0];
const ledger = async () =>
  (
    await kit.db.sql('select uploading as products, image_bytes::int as bytes from seller_ledger where user_id = $1', [
      seller.userId,
    ])
  )[0];

describe('of uploads that come at once', () => {
  // the check before the body is left out, so that all of them meet in the commit
  const unchecked = { requireQuota: () => Promise.resolve() };

  test('exactly as many products are taken as the quota has room for, and nothing is left of the others', async () => {
    const { products } = under({ products: 7, bytes: null }).deps;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        lastAnswerOf(() => kit.create(seller, productParts(PROMPT, [picture]), { deps: { ...unchecked, products } })),
      ),
    );
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(7);
    expect(answers.filter((answer) => answer === 'QUOTA_EXCEEDED')).toHaveLength(43);
    expect(await held()).toEqual({ products: 7, bytes: 7 * picture.length });
    expect(await ledger()).toEqual({ products: 7, bytes: 7 * picture.length });
    expect(await kit.keys()).toHaveLength(7);
  }, 120_000);

  test('exactly as many bytes are taken', async () => {
    const { products } = under({ products: null, bytes: 5 * picture.length + 1 }).deps;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        lastAnswerOf(() => kit.create(seller, productParts(PROMPT, [picture]), { deps: { ...unchecked, products } })),
      ),
    );
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(5);
    expect(await held()).toEqual({ products: 5, bytes: 5 * picture.length });
  }, 120_000);
});

test('a seller who has enough is refused before a byte is read, and what was answered is answered again', async () => {
  const { deps } = under({ products: 1, bytes: null });
  const parts = productParts(PROMPT, [picture]);
  const first = await kit.create(seller, parts, { deps, key: 'k' });
  let read = false;
  const folders = {
    open: async () => {
      const folder = await kit.deps.folders.open();
      const stage: typeof folder.stage = (...all) => {
        read = true;
        return folder.stage(...all);
      };
      return { ...folder, stage };
    },
  };
  expect(await answerOf(kit.create(seller, parts, { deps: { ...deps, folders } }))).toBe('QUOTA_EXCEEDED');
  expect(read).toBe(false);
  expect(await answerOf(kit.create(seller, parts, { deps, key: 'another' }))).toBe('QUOTA_EXCEEDED');
  expect((await kit.create(seller, parts, { deps, key: 'k' })).product).toEqual(first.product);
  expect(await kit.count('idempotency_keys')).toBe(1);
  await kit.db.sql('delete from products');
  expect(await answerOf(kit.create(seller, parts, { deps, key: 'another' }))).toBe('taken');
  const other = await kit.seller();
  expect(await answerOf(kit.create(other, parts, { deps }))).toBe('taken');
});

test('photos that are added count, and a status that moves does not ask', async () => {
  const { product } = await kit.create(seller, productParts(PROMPT, [picture]));
  const { repository } = under({ products: 0, bytes: 2 * picture.length });
  const add = (position: number) =>
    answerOf(
      kit.deps.inTransaction((tx) => repository.addImages(tx, seller, product.id as ProductId, [placed(position)])),
    );
  expect([await add(1), await add(2)]).toEqual(['taken', 'QUOTA_EXCEEDED']);
  await kit.db.sql("update products set status = 'processing'");
  expect(await held()).toEqual({ products: 1, bytes: 2 * picture.length });
});

test('a direct upload is refused when it is announced, and at its completion when others came first', async () => {
  const { direct } = under({ products: 2, bytes: null });
  const images = [{ contentType: 'image/jpeg', sizeBytes: picture.length, sha256: sha256OfBytes(picture) }];
  const start = () => direct.startUpload(seller, { promptText: PROMPT, images, idempotencyKey: null });
  const [one, two] = [await start(), await start()];
  expect(await answerOf(start())).toBe('QUOTA_EXCEEDED');
  await direct.abortUpload(seller, two.productId);
  const again = await start();
  for (const { productId } of [one, again]) await kit.send(productId, [picture]);
  await kit.create(seller, productParts(PROMPT, [picture]));
  const ends = await Promise.all(
    [one, again].map(({ productId }) => answerOf(direct.completeUpload(seller, productId))),
  );
  expect(ends.toSorted()).toEqual(['QUOTA_EXCEEDED', 'taken']);
  expect(await ledger()).toEqual({ products: 2, bytes: 2 * picture.length });
});

test('bytes that are announced count as long as they may come', async () => {
  const { direct } = under({ products: null, bytes: 1_000 });
  const start = (sizeBytes: number) =>
    direct.startUpload(seller, {
      promptText: PROMPT,
      images: [{ contentType: 'image/jpeg', sizeBytes, sha256: sha256OfBytes(picture) }],
      idempotencyKey: null,
    });
  const { productId, puts } = await start(600);
  expect(await answerOf(start(401))).toBe('QUOTA_EXCEEDED');
  const instead = (sizeBytes: number) =>
    direct.renewUploadUrls(seller, productId, [
      { imageId: puts[0]!.imageId, contentType: 'image/png', sizeBytes, sha256: sha256OfBytes(picture) },
    ]);
  expect(await answerOf(instead(1_001))).toBe('QUOTA_EXCEEDED');
  expect(await answerOf(instead(1_000))).toBe('taken');
});

test('what is announced anew counts beside everything else that is open, asked for at once too', async () => {
  const { direct } = under({ products: null, bytes: 1_000 });
  const declared = (sizeBytes: number) => ({ contentType: 'image/jpeg', sizeBytes, sha256: sha256OfBytes(picture) });
  const start = () => direct.startUpload(seller, { promptText: PROMPT, images: [declared(100)], idempotencyKey: null });
  const open = [await start(), await start(), await start()];
  const declareAnew = ({ productId, puts }: (typeof open)[number], sizeBytes: number) =>
    answerOf(direct.renewUploadUrls(seller, productId, [{ imageId: puts[0]!.imageId, ...declared(sizeBytes) }]));
  expect(await declareAnew(open[0]!, 801)).toBe('QUOTA_EXCEEDED');
  const answers = await Promise.all(open.map((upload) => declareAnew(upload, 500)));
  expect(answers.toSorted()).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED', 'taken']);
  const announced = await kit.db.sql('select sum(file_size_bytes)::int as bytes from direct_upload_images');
  expect(announced).toEqual([{ bytes: 700 }]);
  await kit.db.sql("update intents set expires_at = now() where kind = 'direct'");
  expect(await declareAnew(open[0]!, 1_000)).toBe('taken');
});
