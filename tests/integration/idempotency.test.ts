import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { Client } from 'pg';
import { newId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { postgresIdempotencyKeys } from '../../src/modules/products/infrastructure/postgres-idempotency-keys';
import { CommitOutcomeUnknown } from '../../src/platform/database/faults';
import { transactionsOf } from '../../src/platform/database/transaction';
import { photo } from '../support/photos';
import { until } from '../support/server';
import { PROMPT, productParts, type UploadKit, uploadKit } from '../support/upload-kit';

let kit: UploadKit;
let seller: Seller;
let parts: ReturnType<typeof productParts>;
let others: ReturnType<typeof productParts>;

beforeAll(async () => {
  kit = await uploadKit();
  const [one, two] = [await photo({ seed: 1 }), await photo({ seed: 2 })];
  parts = productParts(PROMPT, [one, two]);
  others = productParts(PROMPT, [two, one]);
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.storage.sweep();
  await kit.db.sql('delete from intents');
  seller = await kit.seller();
});

describe('an Idempotency-Key', () => {
  test('replays the first answer for the same content, and stores nothing twice', async () => {
    const first = await kit.create(seller, parts, { key: 'k' });
    const second = await kit.create(seller, parts, { key: 'k' });
    expect(first.replayed).toBe(false);
    expect(second).toEqual({ product: first.product, replayed: true });
    expect(await kit.keys()).toHaveLength(2);
    expect(await kit.intents()).toEqual([]);
  });

  test('refuses other content, be it only the order of the photos', async () => {
    await kit.create(seller, parts, { key: 'k' });
    await expect(kit.create(seller, others, { key: 'k' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    await expect(
      kit.create(seller, productParts(`${PROMPT}!`, []).concat(parts.slice(1)), { key: 'k' }),
    ).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    expect(await kit.count('products')).toBe(1);
  });

  test('belongs to its seller', async () => {
    await kit.create(seller, parts, { key: 'k' });
    expect((await kit.create(await kit.seller(), others, { key: 'k' })).replayed).toBe(false);
  });

  test('used ten times at once makes exactly one product', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => kit.create(seller, parts, { key: 'k' })));
    expect(await kit.count('products')).toBe(1);
    expect(await kit.keys()).toHaveLength(2);
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(made.map(({ product }) => product.id)).size).toBe(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS', httpStatus: 409 });
    }
  });

  test('is free again after a refusal', async () => {
    await expect(kit.create(seller, parts.slice(1), { key: 'k' })).rejects.toMatchObject({ code: 'INVALID_PROMPT' });
    expect(await kit.count('idempotency_keys')).toBe(0);
    expect((await kit.create(seller, parts, { key: 'k' })).replayed).toBe(false);
  });

  test('of a killed holder is taken over once its intent has expired, and the holder can then not commit', async () => {
    const halfWay = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const estimate = async () => {
      halfWay.resolve();
      await goOn.promise; // as good as dead: it renews nothing
      return 15;
    };
    const slow = kit.create(seller, parts, { key: 'k', deps: { estimate, renewEveryMs: 1_000_000 } });
    const slowEnd = slow.catch((error) => error);
    await halfWay.promise;
    await expect(kit.create(seller, parts, { key: 'k' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await kit.db.sql("update intents set expires_at = now() - interval '1 second'");
    const takenOver = await kit.create(seller, parts, { key: 'k' });
    expect(takenOver.replayed).toBe(false);
    goOn.resolve();
    expect(await slowEnd).toMatchObject({ code: 'OVERLOADED', httpStatus: 503 });
    expect(await kit.count('products')).toBe(1);
    await kit.storage.sweep();
    expect(await kit.keys()).toHaveLength(2);
    expect((await kit.create(seller, parts, { key: 'k' })).product).toEqual(takenOver.product);
  });

  test('that is let go while another waits for it is free for that one', async () => {
    await kit.db.sql(
      "insert into intents (id, kind, product_id, prefix, expires_at) values ($1, 'upload', $1, $2, now() + interval '1 hour')",
      [newId(), `products/${newId()}/`],
    );
    const holder = new Client({ connectionString: kit.db.url });
    await holder.connect();
    await holder.query('begin');
    await kit.db.sql(
      `insert into idempotency_keys (user_id, procedure, key, intent_id, expires_at)
        select $1, 'products.create', 'k', id, expires_at from intents`,
      [seller.userId],
    );
    await holder.query('select 1 from idempotency_keys for update');
    const waiting = kit.create(seller, parts, { key: 'k' });
    const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await until(async () => (await kit.db.sql(waits)).length > 0, 'the claim waits');
    await holder.query('delete from idempotency_keys');
    await holder.query('commit');
    await holder.end();
    const { product, replayed } = await waiting;
    expect(replayed).toBe(false);
    expect(await kit.create(seller, parts, { key: 'k' })).toEqual({ product, replayed: true });
  });

  test('is free again when the connection was lost while its claim was committed', async () => {
    const inTransaction = transactionsOf(kit.db.database);
    const keys = postgresIdempotencyKeys({
      journal: kit.storage.journal,
      ttlSeconds: 60,
      inTransaction: async (work) => {
        await inTransaction(work);
        throw new CommitOutcomeUnknown(new Error('ECONNRESET'));
      },
    });
    const deps = { keys: { ...kit.deps.keys, claim: keys.claim } };
    const lost = kit.create(seller, parts, { key: 'k', deps });
    await expect(lost).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await kit.count('idempotency_keys')).toBe(0);
    expect((await kit.create(seller, parts, { key: 'k' })).replayed).toBe(false);
  });

  test('is free again when there is no folder to receive in', async () => {
    const open = () => Promise.reject(new Error('no space'));
    await expect(kit.create(seller, parts, { key: 'k', deps: { folders: { open } } })).rejects.toThrow('no space');
    expect(await kit.count('idempotency_keys')).toBe(0);
    expect(await kit.intents()).toEqual([]);
    expect((await kit.create(seller, parts, { key: 'k' })).replayed).toBe(false);
  });

  test('that has run out is as good as new', async () => {
    await kit.create(seller, parts, { key: 'k' });
    await kit.db.sql("update idempotency_keys set expires_at = now() - interval '1 second'");
    expect((await kit.create(seller, others, { key: 'k' })).replayed).toBe(false);
    expect(await kit.count('products')).toBe(2);
  });
});
