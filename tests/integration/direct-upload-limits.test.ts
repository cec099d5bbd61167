import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { Seller } from '../../src/kernel/principal';
import { announcedAs, type DirectKit, directKit } from '../support/direct-kit';
import { photo } from '../support/photos';
import { PROMPT } from '../support/upload-kit';

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
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

const startOf = (by: Seller, idempotencyKey: string | null = null) =>
  kit.start(by, photos, idempotencyKey).then(
    ({ productId }) => productId,
    (error) => error.code as string,
  );
const isRefused = (answer: string) => answer === 'QUOTA_EXCEEDED';

test('of fifty starts at once exactly as many are taken as may be open, of each seller', async () => {
  const other = await kit.seller();
  const [mine, theirs] = await Promise.all([
    Promise.all(Array.from({ length: 50 }, (_, index) => startOf(seller, index % 2 ? `key ${index}` : null))),
    Promise.all(Array.from({ length: 3 }, () => startOf(other))),
  ]);
  expect(mine.filter(isRefused)).toHaveLength(30);
  expect(theirs.filter(isRefused)).toEqual([]);
  expect(await kit.leftovers()).toMatchObject({ uploads: 23, images: 46, intents: 23 });
}, 60_000);

test('a start that was refused left no key behind, and may be repeated when one is completed, given up or over', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => kit.start(seller, photos)));
  expect(await startOf(seller, 'k')).toBe('QUOTA_EXCEEDED');
  expect((await kit.leftovers()).idempotencyKeys).toBe(0);
  await kit.abortUpload(seller, ids[0]!.productId);
  expect(isRefused(await startOf(seller, 'k'))).toBe(false);
  expect(await startOf(seller)).toBe('QUOTA_EXCEEDED');
  expect(isRefused(await startOf(seller, 'k'))).toBe(false); // replayed: it opens none
  await kit.send(ids[1]!.productId, photos);
  await kit.completeUpload(seller, ids[1]!.productId);
  expect(isRefused(await startOf(seller))).toBe(false);
  expect(await startOf(seller)).toBe('QUOTA_EXCEEDED');
  await kit.db.sql(
    'update intents set expires_at = now() where id in (select intent_id from direct_uploads where product_id = $1)',
    [ids[2]!.productId],
  );
  expect(isRefused(await startOf(seller))).toBe(false);
});

test('photos can be announced anew so many times and no more, asked for at once too', async () => {
  const directLimits = { maxOpenUploads: 20, maxReplacements: 5 };
  const { startUpload, renewUploadUrls } = kit.with({ directLimits });
  const { productId, puts } = await startUpload(seller, {
    promptText: PROMPT,
    images: photos.map(announcedAs),
    idempotencyKey: null,
  });
  const declareAnew = (sizeBytes: number) =>
    renewUploadUrls(seller, productId, [{ imageId: puts[0]!.imageId, ...announcedAs(photos[0]!), sizeBytes }]).then(
      () => 'taken',
      (error) => error.code as string,
    );
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => declareAnew(1000 + index)));
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(5);
  expect(answers.filter(isRefused)).toHaveLength(7);
  expect((await kit.leftovers()).superseded).toBe(5);
  expect((await renewUploadUrls(seller, productId, [])).puts).toHaveLength(2);
});

test('what can’t be signed is not announced, so nothing is used up by asking again', async () => {
  const { head, get } = kit.storage.store;
  const objects: typeof kit.parts.objects = {
    head: head.bind(kit.storage.store),
    get: get.bind(kit.storage.store),
    signPut: () => {
      throw new AppError('STORAGE_UNAVAILABLE');
    },
  };
  const away = kit.with({ objects });
  const images = photos.map(announcedAs);
  for (const idempotencyKey of [null, 'k']) {
    const refused = away.startUpload(seller, { promptText: PROMPT, images, idempotencyKey });
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  }
  expect(await kit.leftovers()).toMatchObject({ uploads: 0, idempotencyKeys: 0, intents: 0 });
  const { productId, puts } = await kit.start(seller, photos, 'k');
  const changed = [{ imageId: puts[0]!.imageId, ...images[1]! }];
  await expect(away.renewUploadUrls(seller, productId, changed)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(await kit.leftovers()).toMatchObject({ uploads: 1, superseded: 0 });
});
