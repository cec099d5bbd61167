import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type AttemptId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { CommitOutcomeUnknown } from '../../src/platform/database/faults';
import { transactionsOf } from '../../src/platform/database/transaction';
import { photo } from '../support/photos';
import { openTestDatabase } from '../support/postgres';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';
import { PROMPT, productParts, type UploadKit, uploadKit } from '../support/upload-kit';

let kit: UploadKit;
let seller: Seller;
let parts: ReturnType<typeof productParts>;

beforeAll(async () => {
  kit = await uploadKit();
  parts = productParts(PROMPT, [await photo({ seed: 1 }), await photo({ seed: 2 })]);
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
const states = async () => (await kit.intents()).map(({ state }) => state);

describe('an attempt', () => {
  test('has committed its intent, naming its prefix, before its first put', async () => {
    const seen: Array<{ key: string; intents: Awaited<ReturnType<UploadKit['intents']>> }> = [];
    const originals = {
      put: async (key: ObjectKey, ...rest: [never, never, never]) => {
        seen.push({ key, intents: await kit.intents() });
        return kit.storage.store.put(key, ...rest);
      },
    };
    await kit.create(seller, parts, { deps: { originals: originals as never } });
    expect(seen).toHaveLength(2);
    for (const { key, intents } of seen) {
      expect(intents).toMatchObject([{ state: 'open', kind: 'upload' }]);
      expect(key).toStartWith(intents[0]!.prefix);
    }
  });

  test('that a drain has claimed cannot commit, and leaves no row and no object', async () => {
    const estimate = async () => {
      await expireIntents();
      await kit.storage.sweep();
      return 15;
    };
    await expect(kit.create(seller, parts, { deps: { estimate } })).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await kit.count('products')).toBe(0);
    expect(await kit.keys()).toEqual([]);
    expect(await states()).toEqual(['tombstone']);
  });

  test('that commits first is not touched by a drain, however old its intent was', async () => {
    const estimate = async () => {
      await expireIntents(); // no drain has seen it yet
      return 15;
    };
    await kit.create(seller, parts, { deps: { estimate } });
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 0, refused: 0 });
    expect(await kit.keys()).toHaveLength(2);
  });

  test('renews its intent while it lives, so that a slow store is not taken for a dead upload', async () => {
    const originals = {
      put: async (...args: Parameters<typeof kit.storage.store.put>) => {
        await expireIntents();
        await Bun.sleep(120);
        await kit.storage.sweep();
        return kit.storage.store.put(...args);
      },
    };
    const { product } = await kit.create(seller, parts.slice(0, 2), { deps: { originals, renewEveryMs: 20 } });
    expect(product.image_count).toBe(1);
  });

  test('of a killed process expires, and the next sweep deletes what it had stored', async () => {
    const id = newId<AttemptId>();
    const productId = newId<ProductId>();
    const prefix = attemptPrefix(productId, id);
    await kit.storage.journal.open({ id, kind: 'upload', productId, prefix });
    await putUnder(`${prefix}x/original.jpg`);
    expect(await kit.storage.sweep()).toMatchObject({ expired: 0, drained: 0 });
    expect(await kit.keys()).toHaveLength(1);
    await expireIntents();
    expect(await kit.storage.sweep()).toMatchObject({ expired: 1, drained: 1 });
    expect(await kit.keys()).toEqual([]);
    expect(await states()).toEqual(['tombstone']);
  });

  test('is never drained while a row names its objects', async () => {
    await kit.create(seller, parts);
    const [image] = await kit.db.sql<{ product_id: string; original_s3_url: string }>(
      'select * from product_images limit 1',
    );
    const key = image!.original_s3_url.replace(/^s3:\/\/[^/]+\//, '');
    const [, product, attempt] = key.split('/');
    await kit.db.sql(
      "insert into intents (id, kind, prefix, state, expires_at) values ($1, 'upload', $2, 'draining', now())",
      [attempt, `products/${product}/${attempt}/`],
    );
    await kit.db.sql("insert into intents (kind, prefix, state, expires_at) values ('delete', $1, 'draining', now())", [
      key,
    ]);
    expect(await kit.storage.sweep()).toMatchObject({ drained: 0, refused: 2 });
    expect(await kit.keys()).toHaveLength(2);
  });
});

describe('a connection lost during COMMIT', () => {
  let proxy: TcpProxy;
  let behind: ReturnType<typeof openTestDatabase>;
  beforeAll(async () => {
    const url = new URL(kit.db.url);
    proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.hostname = proxy.host;
    url.port = String(proxy.port);
    behind = openTestDatabase(url.href);
  });
  afterAll(async () => {
    await behind.close();
    await proxy.stop();
  });

  /** The commit goes through the proxy, which breaks the connection as COMMIT passes; what follows goes straight. */
  function losing(direction: 'up' | 'down') {
    const lost: unknown[] = [];
    const throughProxy = transactionsOf(behind);
    const finish: typeof kit.deps.keys.finish = async (...args) => {
      await kit.deps.keys.finish(...args); // the last statement before COMMIT
      await proxy.set({ kind: 'cut', direction, afterBytes: 0 });
    };
    const inTransaction: typeof kit.deps.inTransaction = async (work) => {
      if (lost.length > 0) return kit.deps.inTransaction(work);
      lost.push('at its first transaction, the commit');
      return throughProxy(work).catch(async (error) => {
        lost.push(error);
        await proxy.set({ kind: 'pass' });
        throw error;
      });
    };
    return { lost, deps: { inTransaction, keys: { ...kit.deps.keys, finish } } };
  }

  test('that had reached the database is answered with the product, and nothing is deleted', async () => {
    const { lost, deps } = losing('down');
    const { product } = await kit.create(seller, parts, { deps, key: 'lost-1' });
    expect(lost[1]).toBeInstanceOf(CommitOutcomeUnknown);
    expect(product).toMatchObject({ status: 'uploading', image_count: 2, prompt_text: PROMPT });
    expect(await kit.count('products')).toBe(1);
    expect(await kit.keys()).toHaveLength(2);
    expect(await kit.intents()).toEqual([]);
    const again = await kit.create(seller, parts, { key: 'lost-1' });
    expect(again).toEqual({ product, replayed: true });
  });

  test('that had not is refused, and nothing remains but the tombstone', async () => {
    const { lost, deps } = losing('up');
    await expect(kit.create(seller, parts, { deps, key: 'lost-2' })).rejects.toThrow(CommitOutcomeUnknown);
    expect(lost[1]).toBeInstanceOf(CommitOutcomeUnknown);
    expect(await kit.count('products')).toBe(0);
    expect(await kit.keys()).toEqual([]);
    expect(await states()).toEqual(['tombstone']);
    expect((await kit.create(seller, parts, { key: 'lost-2' })).replayed).toBe(false);
  });

  test('with a database that cannot be asked afterwards deletes nothing; the sweep decides later', async () => {
    const { deps } = losing('up');
    let calls = 0;
    const inTransaction: typeof kit.deps.inTransaction = (work) => {
      calls += 1;
      return calls === 1 ? deps.inTransaction(work) : Promise.reject(new Error('Connection terminated'));
    };
    await expect(kit.create(seller, parts, { key: 'lost-3', deps: { ...deps, inTransaction } })).rejects.toThrow(
      CommitOutcomeUnknown,
    );
    expect(await kit.keys()).toHaveLength(2);
    expect(await states()).toEqual(['open']);
    await expireIntents();
    expect(await kit.storage.sweep()).toMatchObject({ expired: 1, drained: 1 });
    expect(await kit.keys()).toEqual([]);
  });
});

describe('a tombstone', () => {
  test('makes every sweep delete again what a late put brought, until its time is over, and then goes', async () => {
    const id = newId<AttemptId>();
    const productId = newId<ProductId>();
    const prefix = attemptPrefix(productId, id);
    await kit.storage.journal.open({ id, kind: 'upload', productId, prefix });
    await expireIntents();
    await kit.storage.sweep();
    await putUnder(`${prefix}late/original.jpg`); // begun before the drain, ended after it
    expect(await kit.keys()).toHaveLength(1);
    expect(await kit.storage.sweep()).toMatchObject({ repeated: 1, buried: 0 });
    expect(await kit.keys()).toEqual([]);
    await putUnder(`${prefix}later/original.jpg`);
    await kit.db.sql("update intents set tombstone_until = now() - interval '1 second'");
    expect(await kit.storage.sweep()).toMatchObject({ repeated: 0, buried: 1 });
    expect(await kit.keys()).toEqual([]);
    expect(await kit.intents()).toEqual([]);
  });

  test('is left where a sweep is told to stop', async () => {
    await kit.db.sql(
      "insert into intents (kind, prefix, state, expires_at) values ('delete', 'products/a/b/original.jpg', 'draining', now())",
    );
    await putUnder('products/a/b/original.jpg');
    await expect(kit.storage.sweep(AbortSignal.abort(new Error('the server stops')))).rejects.toThrow(
      'the server stops',
    );
    expect([await states(), await kit.keys()]).toEqual([['draining'], ['products/a/b/original.jpg']]);
    expect(await kit.storage.sweep()).toMatchObject({ drained: 1 });
  });

  test('is left to the sweep by the drain that follows each deletion', async () => {
    const doomed = "insert into intents (kind, prefix, state, expires_at) values ('delete', $1, 'draining', now())";
    await kit.db.sql(doomed, ['products/a/b/original.jpg']);
    await kit.storage.sweep();
    await putUnder('products/a/b/original.jpg');
    await putUnder('products/a/c/original.jpg');
    await kit.db.sql(doomed, ['products/a/c/original.jpg']);
    kit.storage.drainer.soon();
    await kit.storage.drainer.idle();
    expect(await kit.keys()).toEqual(['products/a/b/original.jpg']);
    expect(await kit.storage.sweep()).toMatchObject({ drained: 0, repeated: 2 });
    expect(await kit.keys()).toEqual([]);
  });

  test('lasts PUT_MAX_DURATION beyond the last PUT URL that was issued', async () => {
    await kit.db.sql(
      "insert into intents (kind, prefix, state, expires_at, put_expires_at) values ('upload', 'products/a/b/', 'draining', now(), now() + interval '10 minutes')",
    );
    await kit.storage.sweep();
    const [row] = await kit.db.sql<{ seconds: number }>(
      'select extract(epoch from tombstone_until - now())::int as seconds from intents',
    );
    expect(row!.seconds).toBeWithin(4190, 4205);
  });
});

describe('rows that go by whatever path', () => {
  test.each([
    ['the user, by SQL', 'delete from users'],
    ['the product, by SQL', 'delete from products'],
    ['the images, by SQL', 'delete from product_images'],
  ])('%s: leave the deletion of their objects behind, and the next sweep does it', async (_, sql) => {
    await kit.create(seller, parts);
    await kit.db.sql(sql);
    expect(await states()).toEqual(['draining', 'draining']);
    expect(await kit.storage.sweep()).toMatchObject({ drained: 2, refused: 0 });
    expect(await kit.keys()).toEqual([]);
  });

  test('a deletion that is rolled back leaves nothing behind', async () => {
    await kit.create(seller, parts);
    await kit.db.sql('begin; delete from products; rollback');
    expect(await kit.intents()).toEqual([]);
    expect(await kit.keys()).toHaveLength(2);
  });

  test('a key that a row stops to name is deleted too', async () => {
    await kit.create(seller, parts);
    await kit.db.sql("update product_images set processed_s3_url = 's3://b/first'");
    await kit.db.sql("update product_images set processed_s3_url = 's3://b/second' where position = 0");
    expect((await kit.intents()).map(({ prefix }) => prefix)).toEqual(['first']);
  });
});

async function putUnder(key: string): Promise<void> {
  const folder = await kit.staging.open();
  const file = await folder.stage(
    (async function* () {
      yield Buffer.from(key);
    })(),
  );
  await kit.storage.store.put(key as ObjectKey, file, 'image/jpeg');
  await folder.remove();
}
