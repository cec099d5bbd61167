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
    const jobs = await kit.claim(worker, { phase: 'publishing', max: 10 });
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
