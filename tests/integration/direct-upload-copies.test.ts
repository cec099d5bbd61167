import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type DirectKit, directKit, NOTHING_LEFT } from '../support/direct-kit';
import { MortalProcess } from '../support/mortal-process';
import { photo } from '../support/photos';

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

const expireAttempts = () =>
  kit.db.sql("update intents set expires_at = now() - interval '1 second' where kind = 'rekey' and state = 'open'");

async function sent(): Promise<ProductId> {
  const { productId } = await kit.start(seller, photos);
  await kit.send(productId, photos);
  return productId;
}

/** Complete, of the bytes that were sent, and after a sweep nothing is in the store but what its rows name. */
async function expectCompleted(id: ProductId): Promise<void> {
  const product = await kit.completeUpload(seller, id);
  const keys = product.images.map(({ keys }) => keys.original);
  const digests = await Promise.all(keys.map(async (key) => (await kit.storage.store.head(key))?.sha256));
  expect(digests).toEqual(photos.map(sha256OfBytes));
  expect((await kit.storage.sweep()).refused).toBe(0);
  expect(await kit.leftovers()).toEqual({ ...NOTHING_LEFT, objects: keys.toSorted() });
}

test('a completed product names no key that has had a PUT URL, and those are journalled until their PUTs are dead', async () => {
  const { productId, puts } = await kit.start(seller, photos);
  await kit.send(productId, photos);
  const putKeys = await kit.keysOf(productId);
  const { images } = await kit.completeUpload(seller, productId);
  expect(putKeys).not.toContainAnyValues(images.map(({ keys }) => keys.original));
  const journalled = await kit.db.sql<{ prefix: string; state: string; put_expires_at: Date }>(
    'select prefix, state, put_expires_at from intents order by prefix',
  );
  const until = { state: 'draining', put_expires_at: puts[0]!.expiresAt };
  expect(journalled).toEqual(putKeys.toSorted().map((prefix) => ({ prefix, ...until })));
  await expectCompleted(productId);
});

class MortalCompletion extends MortalProcess {
  useCases() {
    const { parts } = kit;
    return kit.with({
      journal: this.port(parts.journal, ['open', 'settle', 'abandon', 'drain']),
      copies: this.port(parts.copies, ['copy']),
      inTransaction: this.call('transaction', parts.inTransaction),
    });
  }
}

describe.each(['before', 'after'] as const)('a completion that is killed %s any of its calls', (when) => {
  test('can be repeated, and leaves nothing but the product', async () => {
    const killedAt: string[] = [];
    for (let call = 1; ; call += 1) {
      const id = await sent();
      const process = new MortalCompletion({ call, when });
      await process
        .useCases()
        .completeUpload(seller, id)
        .catch((error) => {
          if (!process.isDead) throw error;
        });
      if (!process.isDead) break;
      killedAt.push(process.calls[call - 1] ?? '');
      await expireAttempts();
      await expectCompleted(id);
      await kit.db.sql('delete from products');
      await kit.storage.sweep();
      expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
    }
    expect(killedAt).toEqual(expect.arrayContaining(['open', 'copy', 'transaction', 'settle']));
  }, 60_000);
});

test('a completion that is killed and never repeated leaves nothing at the end of the upload', async () => {
  await sent().then(async (id) => {
    const process = new MortalCompletion({ call: 4, when: 'before' });
    await expect(process.useCases().completeUpload(seller, id)).rejects.toThrow('killed');
    expect((await kit.keys()).length).toBeGreaterThan(photos.length);
  });
  await kit.db.sql("update intents set expires_at = now() - interval '1 second'");
  await kit.storage.sweep();
  expect(await kit.leftovers()).toEqual(NOTHING_LEFT);
});

test('of many completers at once one makes the product, and the copies of the others are gone when they answer', async () => {
  const id = await sent();
  const products = await Promise.all(Array.from({ length: 6 }, () => kit.completeUpload(seller, id)));
  const named = new Set(products.map(({ images }) => images.map(({ keys }) => keys.original).join()));
  expect(named.size).toBe(1);
  await kit.storage.sweep();
  await expectCompleted(id);
});

test('a photo that is gone when it is copied is named as missing, and no copy of the others is left', async () => {
  const id = await sent();
  const [, second] = await kit.keysOf(id);
  const copies: typeof kit.parts.copies = {
    copy: async (from, to, sha256) => {
      if (from === second) await kit.storage.store.deleteMany([from]);
      return kit.parts.copies.copy(from, to, sha256);
    },
  };
  await expect(kit.with({ copies }).completeUpload(seller, id)).rejects.toMatchObject({
    code: 'UPLOAD_INCOMPLETE',
    details: { images: [{ problem: 'MISSING' }] },
  });
  await kit.storage.sweep();
  expect(await kit.keys()).toHaveLength(1);
});

test('what was completed before originals were copied is deleted until its PUT URL is dead', async () => {
  const id = await sent();
  await kit.completeUpload(seller, id);
  const until = new Date(Date.now() + 1_800_000);
  await kit.db.sql('update product_images set put_expires_at = $1', [until]);
  await kit.db.sql('delete from intents');
  await kit.db.sql('delete from products');
  const rows = await kit.db.sql<{ put_expires_at: Date }>('select put_expires_at from intents');
  expect(rows.map(({ put_expires_at }) => put_expires_at)).toEqual([until, until]);
});
