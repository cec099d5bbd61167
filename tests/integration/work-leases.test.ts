import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { answerOf } from '../support/products-fixture';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;

beforeAll(async () => {
  kit = await workKit();
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.rows('delete from products'));

describe('a lease that expired', () => {
  test('is taken over by the next claim, and its former worker cannot change anything any more', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const first = await kit.claimOne(worker, product);
    await kit.expire(first.lease_id);
    const other = await kit.aWorker();
    const second = await kit.claimOne(other, product);
    expect(second).toMatchObject({ attempt: 2 });
    expect(await kit.leaseState(first.lease_id)).toBe('lost');
    const before = await kit.rows('select * from product_events where product_id = $1', product.id);
    const { work } = kit.as(worker);
    const id = first.lease_id;
    for (const call of [
      () => work.heartbeat({ id, progress: 50 }),
      () => work.complete({ id, images: [] }),
      () => work.fail({ id, error: 'too late', retryable: false }),
      () => work.urls({ id }),
      () =>
        work.resultUrls({
          id,
          images: [
            { image_id: product.images[0]!, content_type: 'image/webp', file_size_bytes: 1, sha256: 'a'.repeat(64) },
          ],
        }),
    ]) {
      expect(await answerOf(call())).toMatchObject({ code: 'LEASE_LOST' });
    }
    expect(await kit.rows('select * from product_events where product_id = $1', product.id)).toEqual(before);
    await kit.as(other).work.complete({ id: second.lease_id, images: [] });
    expect(await kit.product(product)).toMatchObject({ status: 'ready' });
  });

  test('is dead before anybody has taken it over', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    await kit.expire(id);
    expect(await answerOf(kit.as(worker).work.heartbeat({ id }))).toMatchObject({ code: 'LEASE_LOST' });
    expect(await answerOf(kit.as(worker).work.complete({ id, images: [] }))).toMatchObject({ code: 'LEASE_LOST' });
    expect(await kit.product(product)).toMatchObject({ status: 'processing' });
  });

  test('goes back into the present turn by the sweep, where nobody claims, before what its seller has sent since', async () => {
    const seller = await kit.aSeller();
    const product = await kit.aProduct(seller);
    const { lease_id } = await kit.claimOne(worker, product);
    await kit.aProduct(seller);
    await kit.expire(lease_id);
    await kit.sweep();
    expect(await kit.item(product)).toEqual({ state: 'queued', attempts: 1, turn: 1, due_at: null });
    expect(await kit.leaseState(lease_id)).toBe('lost');
  });

  test('are put back by one sweep, however many there are, and those that are used up fail', async () => {
    const seller = await kit.aSeller();
    await kit.rows(
      `insert into products (id, user_id, prompt_text) select gen_random_uuid(), $1, 'a lamp in good order' from generate_series(1, 450)`,
      seller.userId,
    );
    await kit.rows("update products set status = 'processing'");
    await kit.rows(
      "update work_items set state = 'leased', attempts = 1 + (turn % 100 / 99) * 2, due_at = now() - interval '1 s'",
    );
    await kit.sweep();
    const counts = await kit.rows('select status, count(*)::int as n from products group by status order by status');
    expect(counts).toEqual([
      { status: 'failed', n: 4 },
      { status: 'processing', n: 446 },
    ]);
    expect(await kit.rows("select 1 from work_items where state = 'queued'")).toHaveLength(446);
  }, 30_000);

  test('of an account that is removed goes back when its time is over', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const leaving = await kit.aWorker();
    await kit.claimOne(leaving, product);
    await kit.rows('delete from users where id = $1', leaving.userId);
    expect(await kit.claim(worker)).toEqual([]);
    await kit.rows("update work_items set due_at = now() - interval '1 s'");
    expect(await kit.claimOne(worker, product)).toMatchObject({ attempt: 2 });
  });

  test('as often as it may fails the product with the reason, and the seller may try again', async () => {
    const seller = await kit.aSeller();
    const product = await kit.aProduct(seller);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const job = await kit.claimOne(worker, product);
      expect(job.attempt).toBe(attempt);
      await kit.expire(job.lease_id);
    }
    await Promise.all([kit.sweep(), kit.claim(worker), kit.claim(worker)]);
    const reason = 'No worker finished it: the lease expired 3 times.';
    expect(await kit.product(product)).toEqual({
      status: 'failed',
      failed_from: 'processing',
      processing_error: reason,
    });
    const failures = await kit.rows(
      "select data from product_events where product_id = $1 and type = 'error'",
      product.id,
    );
    expect(failures).toEqual([
      {
        data: { product_id: product.id, error_type: 'processing_failed', error_message: reason, retry_available: true },
      },
    ]);
    expect(await kit.item(product)).toBeUndefined();
    expect(
      await kit.rows("select 1 from work_leases where product_id = $1 and state = 'lost'", product.id),
    ).toHaveLength(3);
    await kit.as(seller).products.retry({ id: product.id });
    expect(await kit.claimOne(worker, product)).toMatchObject({ attempt: 1 });
  });
});

describe('a heartbeat', () => {
  test('extends the lease by its own length, so that nobody takes it over', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const job = await kit.claimOne(worker, product, { lease_seconds: 60 });
    await kit.rows("update work_leases set expires_at = now() + interval '5 s' where id = $1", job.lease_id);
    await kit.rows("update work_items set due_at = now() + interval '5 s' where product_id = $1", product.id);
    const { lease_id, lease_expires_at } = await kit.as(worker).work.heartbeat({ id: job.lease_id });
    expect(lease_id).toBe(job.lease_id);
    const [row] = await kit.rows<{ ends: Date; due: Date; seconds: number }>(
      `select l.expires_at as ends, i.due_at as due, extract(epoch from l.expires_at - now())::int as seconds
        from work_leases l join work_items i using (product_id) where l.id = $1`,
      job.lease_id,
    );
    expect(row?.ends.toISOString()).toBe(lease_expires_at);
    expect(row?.due).toEqual(row!.ends);
    expect(row?.seconds).toBeWithin(50, 61);
  });

  test('tells the seller of progress as an event, and says nothing where there is nothing to say', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const { work } = kit.as(worker);
    const events = () =>
      kit.rows<{ number: number; data: unknown }>(
        'select number::int, data from product_events where product_id = $1 order by number',
        product.id,
      );
    const before = await events();
    await work.heartbeat({ id });
    expect(await events()).toEqual(before);
    await work.heartbeat({ id, progress: 39.6, message: 'removing the background' });
    await work.heartbeat({ id, progress: 0 });
    const told = (await events()).slice(before.length);
    expect(told).toEqual([
      {
        number: before.length + 1,
        data: { product_id: product.id, status: 'processing', progress: 40, message: 'removing the background' },
      },
      { number: before.length + 2, data: { product_id: product.id, status: 'processing', progress: 0 } },
    ]);
  });

  test('beside a change of status by the owner does not deadlock: one of the two is first', async () => {
    const seller = await kit.aSeller();
    for (let n = 0; n < 10; n += 1) {
      const product = await kit.aProduct(seller);
      const { lease_id: id } = await kit.claimOne(worker, product);
      const [beat] = await Promise.allSettled([
        kit.as(worker).work.heartbeat({ id, progress: n }),
        kit.as(seller).products.delete({ id: product.id }),
      ]);
      if (beat.status === 'rejected') expect((await answerOf(Promise.reject(beat.reason))).code).toBe('NOT_FOUND');
    }
    const [{ deadlocks } = { deadlocks: -1 }] = await kit.rows<{ deadlocks: number }>(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  });
});
