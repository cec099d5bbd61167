import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Seller } from '../../src/kernel/principal';
import { announcedAs, type DirectKit, directKit } from '../support/direct-kit';
import { photo } from '../support/photos';
import { PROMPT, productParts } from '../support/upload-kit';

let kit: DirectKit;
let seller: Seller;
let photos: Buffer[];

beforeAll(async () => {
  kit = await directKit();
  photos = [await photo({ seed: 1 }), await photo({ seed: 2 })];
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.storage.sweep();
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

const imageIds = ({ puts }: { puts: readonly { imageId: string }[] }) => puts.map(({ imageId }) => imageId);

test('the same announcement gets fresh PUTs for the same images, and no URL is kept', async () => {
  const first = await kit.start(seller, photos, 'k');
  const later = new Date(Date.now() + 60_000);
  const again = await kit
    .with({ clock: () => later })
    .startUpload(seller, { promptText: ` ${PROMPT} `, images: photos.map(announcedAs), idempotencyKey: 'k' });
  expect([first.replayed, again.replayed]).toEqual([false, true]);
  expect(again.productId).toBe(first.productId);
  expect(imageIds(again)).toEqual(imageIds(first));
  expect(again.puts[0]!.expiresAt > first.puts[0]!.expiresAt).toBe(true);
  const [kept] = await kit.db.sql<{ answer: object }>('select answer from idempotency_keys');
  expect(kept!.answer).toEqual({ productId: first.productId });
  const [intent] = await kit.db.sql<{ put_expires_at: Date }>('select put_expires_at from intents');
  expect(intent!.put_expires_at).toEqual(again.puts[0]!.expiresAt);
});

test('another announcement is refused, be it only another order, another primary image or another type', async () => {
  await kit.start(seller, photos, 'k');
  const images = photos.map(announcedAs);
  for (const other of [
    { promptText: `${PROMPT}!`, images },
    { promptText: PROMPT, images: images.toReversed() },
    { promptText: PROMPT, images: [images[0]!, { ...images[1]!, isPrimary: true }] },
    { promptText: PROMPT, images: [images[0]!, { ...images[1]!, contentType: 'image/png' }] },
  ]) {
    await expect(kit.startUpload(seller, { ...other, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  }
  expect(await kit.leftovers()).toMatchObject({ uploads: 1, intents: 1 });
});

test('stands for the photos as they are now: one that was announced anew is asked for, and the one before it is refused', async () => {
  const { productId, puts } = await kit.start(seller, photos, 'k');
  const announce = (...images: Buffer[]) => kit.start(seller, images, 'k').catch((error) => error.code);
  const [one, two, three] = [photos[0]!, photos[1]!, await photo({ seed: 3 })];
  await kit.renewUploadUrls(seller, productId, [{ imageId: puts[1]!.imageId, ...announcedAs(three) }]);
  expect(await announce(one, two)).toBe('IDEMPOTENCY_MISMATCH');
  const again = await announce(one, three);
  expect(again).toMatchObject({ productId, replayed: true });
  expect(imageIds(again)).toEqual(imageIds({ puts }));
  await kit.send(productId, [one, three]);
  await kit.completeUpload(seller, productId);
  expect(await announce(one, two)).toBe('IDEMPOTENCY_MISMATCH');
  expect(await announce(one, three)).toEqual({ productId, puts: [], replayed: true });
});

test('gives no PUT for another photo than was named, be that announced anew between key and answer', async () => {
  const { productId, puts } = await kit.start(seller, photos.slice(0, 1), 'k');
  let transactions = 0;
  const inTransaction: typeof kit.parts.inTransaction = async (work) => {
    transactions += 1;
    const changed = { imageId: puts[0]!.imageId, ...announcedAs(photos[1]!) };
    if (transactions === 2) await kit.renewUploadUrls(seller, productId, [changed]);
    return kit.parts.inTransaction(work);
  };
  const images = photos.slice(0, 1).map(announcedAs);
  const again = kit.with({ inTransaction }).startUpload(seller, { promptText: PROMPT, images, idempotencyKey: 'k' });
  await expect(again).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
  expect(transactions).toBe(2);
});

test('used ten times at once it makes one upload, and all ten may send the same images', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => kit.start(seller, photos, 'k')));
  expect(new Set(all.map((one) => imageIds(one).join())).size).toBe(1);
  expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(await kit.leftovers()).toMatchObject({ uploads: 1, images: 2, intents: 1 });
});

test('of a completed upload it asks for nothing more, and completion gives the product', async () => {
  const { productId } = await kit.start(seller, photos, 'k');
  await kit.send(productId, photos);
  await kit.completeUpload(seller, productId);
  expect(await kit.start(seller, photos, 'k')).toEqual({ productId, puts: [], replayed: true });
  expect((await kit.completeUpload(seller, productId)).id).toBe(productId);
});

test('of an upload that was given up it is free again', async () => {
  const { productId } = await kit.start(seller, photos, 'k');
  await kit.abortUpload(seller, productId);
  const second = await kit.start(seller, photos.slice(1), 'k');
  expect(second.replayed).toBe(false);
  expect(second.productId).not.toBe(productId);
});

test('is another’s than that of a multipart upload, and another’s for each seller', async () => {
  const { productId } = await kit.start(seller, photos, 'k');
  const { product } = await kit.create(seller, productParts(PROMPT, photos), { key: 'k' });
  const stranger = await kit.start(await kit.seller(), photos, 'k');
  expect(new Set([productId, product.id, stranger.productId]).size).toBe(3);
});

test('an account that is gone is told so, with a key and without', async () => {
  await kit.db.sql('delete from users');
  for (const key of [null, 'k']) {
    await expect(kit.start(seller, photos, key)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});
