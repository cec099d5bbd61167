import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;
beforeAll(async () => {
  kit = await workKit({});
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.rows('delete from products'));

const MANY = 30;

/** In the order in which workers are given them. */
async function givenOut(): Promise<string[]> {
  const order: string[] = [];
  for (;;) {
    const jobs = await kit.claim(worker, { phase: 'publishing', max: 50 });
    if (jobs.length === 0) return order;
    order.push(...jobs.map(({ product_id }) => product_id));
  }
}

async function manyOf(seller: Awaited<ReturnType<WorkKit['aSeller']>>): Promise<void> {
  for (let product = 0; product < MANY; product += 1) await kit.aProduct(seller, 'publishing', 1);
}

test('what a seller has put back at once, after an outage, does not stand before another’s first', async () => {
  await manyOf(await kit.aSeller());
  for (let jobs = await kit.claim(worker, { phase: 'publishing', max: 50 }); jobs.length > 0; jobs = []) {
    for (const { lease_id: id } of jobs)
      await kit.as(worker).work.fail({ id, error: 'MercadoLibre is away', retryable: true });
  }
  const other = await kit.aProduct(await kit.aSeller(), 'publishing', 1);
  await kit.rows("update work_items set due_at = now() - interval '1 s' where state = 'waiting'");
  const order = await givenOut();
  expect(order).toHaveLength(MANY + 1);
  expect(order.indexOf(other.id)).toBeLessThan(3);
});

test('nor what workers held that died, beside what the seller has waiting still', async () => {
  await manyOf(await kit.aSeller());
  await kit.claim(worker, { phase: 'publishing', max: MANY - 5 });
  const other = await kit.aProduct(await kit.aSeller(), 'publishing', 1);
  await kit.rows("update work_items set due_at = now() - interval '1 s' where state = 'leased'");
  await kit.rows("update work_leases set expires_at = now() - interval '1 s' where state = 'live'");
  const order = await givenOut();
  expect(order).toHaveLength(MANY + 1);
  expect(order.indexOf(other.id)).toBeLessThan(3);
});

test('nor what comes back one after the other', async () => {
  await manyOf(await kit.aSeller());
  const jobs = await kit.claim(worker, { phase: 'publishing', max: MANY });
  const other = await kit.aProduct(await kit.aSeller(), 'publishing', 1);
  for (const { lease_id } of jobs) {
    await kit.expire(lease_id);
    await kit.sweep();
  }
  const order = await givenOut();
  expect(order).toHaveLength(MANY + 1);
  expect(order.indexOf(other.id)).toBeLessThan(3);
});

test('one of a seller is in each turn, though more come back than are put back at a time', async () => {
  const seller = await kit.aSeller();
  await kit.rows(
    `insert into products (id, user_id, prompt_text) select gen_random_uuid(), $1, 'a lamp in good order' from generate_series(1, 450)`,
    seller.userId,
  );
  await kit.rows("update products set status = 'processing'");
  await kit.rows("update work_items set state = 'leased', attempts = 1, due_at = now() - interval '1 s'");
  await kit.sweep();
  const turns = await kit.rows(
    "select count(*)::int as items, count(distinct turn)::int as turns from work_items where state = 'queued'",
  );
  expect(turns).toEqual([{ items: 450, turns: 450 }]);
}, 30_000);
