import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { Seller } from '../../src/kernel/principal';
import { type DirectKit, directKit, NOTHING_LEFT } from '../support/direct-kit';
import { photo } from '../support/photos';
import { PROMPT } from '../support/upload-kit';

let kit: DirectKit;
let seller: Seller;
let photos: Buffer[];

beforeAll(async () => {
  kit = await directKit();
  photos = [await photo({ seed: 1 }), await photo({ seed: 2, format: 'png' })];
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.storage.sweep();
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

const expireIntents = () =>
  kit.db.sql("update intents set expires_at = now() - interval '1 second' where state = 'open'");
const intent = async () =>
  (await kit.db.sql<{ state: string; expires_at: Date; put_expires_at: Date }>('select * from intents'))[0]!;

describe('an upload that was announced', () => {
  test('has its intent in the journal, for its whole life and with the end of its PUTs, before a URL is given', async () => {
    const { puts } = await kit.start(seller, photos);
    const { state, expires_at, put_expires_at } = await intent();
    expect(state).toBe('open');
    expect(put_expires_at).toEqual(puts[0]!.expiresAt);
    expect((expires_at.getTime() - Date.now()) / 1000).toBeWithin(86_300, 86_401);
  });

  test('and never completed expires: no row and no object is left, and it is unknown', async () => {
    const { productId } = await kit.start(seller, photos, 'a key');
    await kit.send(productId, photos);
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 0 });
    await expireIntents();
    expect(await kit.storage.sweep()).toMatchObject({ expired: 1, drained: 1, refused: 0 });
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
    await expect(kit.completeUpload(seller, productId)).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });

  test('may still be completed while no sweep has seen that its time is over', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    await expireIntents();
    expect(await kit.completeUpload(seller, productId)).toMatchObject({ imageCount: 2 });
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 2 }); // the keys of its PUTs
    expect(await kit.keys()).toHaveLength(2);
  });

  test('goes with its seller, whoever removes the account', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    await kit.db.sql('delete from users');
    expect((await intent()).state).toBe('draining');
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });

  test('cannot be completed once a sweep has claimed it, be it in the middle of the completion', async () => {
    const { productId } = await kit.start(seller, photos);
    await kit.send(productId, photos);
    const inTransaction: typeof kit.parts.inTransaction = async (work) => {
      await expireIntents();
      await kit.storage.sweep();
      return kit.parts.inTransaction(work);
    };
    const { completeUpload } = kit.with({ inTransaction });
    await expect(completeUpload(seller, productId)).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await kit.count('products')).toBe(0);
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });
});

test.each([
  ['completed', () => kit.completeUpload],
  ['given up', () => kit.abortUpload],
])('being %s waits for the removal of its account before it takes any lock that this needs', async (_, useCase) => {
  const { productId } = await kit.start(seller, photos);
  await kit.send(productId, photos);
  await kit.db.sql('begin');
  await kit.db.sql('select 1 from users where id = $1 for update', [seller.userId]); // as the removal begins
  const ended = useCase()(seller, productId).catch((error) => error.code);
  const isWaiting = async () =>
    (await kit.db.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"))
      .length;
  while (!(await isWaiting())) await Bun.sleep(10);
  expect(await kit.db.sql("select 1 from intents where kind = 'direct' for update nowait")).toHaveLength(1);
  await kit.db.sql('delete from users');
  await kit.db.sql('commit');
  expect(await ended).toBe('PRODUCT_NOT_FOUND');
  await kit.storage.sweep();
  expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
});

describe('the sweep', () => {
  test('leaves what has expired to the removal of its account, and waits neither for that nor for another change', async () => {
    await kit.start(seller, photos, 'a key');
    await expireIntents();
    for (const lock of ['users', 'intents']) {
      await kit.db.sql('begin');
      await kit.db.sql(`select 1 from ${lock} for update`);
      expect(await kit.storage.sweep()).toMatchObject({ expired: 0 });
      if (lock === 'intents') await kit.db.sql('delete from users');
      await kit.db.sql('commit');
    }
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 1 });
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });

  test('and the removal of an account with many expired uploads never stop each other', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { userId } = await kit.seller();
      await kit.db.sql(
        `with ids as (select gen_random_uuid() as product, gen_random_uuid() as intent from generate_series(1, 400)),
        opened as (
          insert into intents (id, kind, product_id, prefix, expires_at)
          select intent, 'direct', product, 'products/' || product || '/' || intent || '/', now() from ids)
        insert into direct_uploads (product_id, user_id, intent_id, prompt_text) select product, $1, intent, $2 from ids`,
        [userId, PROMPT],
      );
      const removed = Bun.sleep(2 * round).then(() => kit.db.sql('delete from users where id = $1', [userId]));
      const ended = await Promise.allSettled([removed, kit.storage.sweep()]);
      expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    }
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  }, 60_000);
});

describe('an upload that is given up', () => {
  test('of a store that does not answer is left to the sweep', async () => {
    const { productId } = await kit.start(seller, photos, 'a key');
    await kit.send(productId, photos);
    const journal = { ...kit.parts.journal, drain: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) };
    await kit.with({ journal }).abortUpload(seller, productId);
    expect(await kit.leftovers()).toMatchObject({ uploads: 0, idempotencyKeys: 0, intents: 1 });
    await kit.storage.sweep();
    expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
  });

  test('while it is completed ends in one way or the other', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { productId } = await kit.start(seller, photos);
      await kit.send(productId, photos);
      const [completed, aborted] = await Promise.allSettled([
        kit.completeUpload(seller, productId),
        kit.abortUpload(seller, productId),
      ]);
      expect(completed.status).not.toBe(aborted.status);
      await kit.storage.sweep();
      const isThere = (await kit.keys()).some((key) => key.includes(productId));
      expect(isThere).toBe(completed.status === 'fulfilled');
    }
  });
});
