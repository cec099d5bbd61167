import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { lockSpent } from '../../src/modules/processing/infrastructure/work/put-back';
import { transactionsOf } from '../../src/platform/database/transaction';
import type { ProductFixture } from '../support/products-fixture';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;

beforeAll(async () => {
  kit = await workKit();
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.rows('delete from products'));

/** Runs `work` while the database refuses what the trigger is declared for. */
async function refusing(updatesOf: string, work: () => Promise<void>): Promise<void> {
  await kit.rows(`create function refuse_update() returns trigger language plpgsql as $$
    begin raise exception 'not this one'; end $$`);
  await kit.rows(`create trigger refuse_update before update on ${updatesOf} execute function refuse_update()`);
  try {
    await work();
  } finally {
    await kit.rows('drop function refuse_update cascade');
  }
}

test('a claim gives what is queued, though what is due cannot be put back', async () => {
  const due = await kit.aProduct(await kit.aSeller());
  const { lease_id } = await kit.claimOne(worker, due);
  await kit.expire(lease_id);
  const queued = await kit.aProduct(await kit.aSeller());
  await refusing("work_items for each row when (new.state = 'queued')", async () => {
    const jobs = await kit.claim(worker, { max: 9 });
    expect(jobs.map(({ product_id }) => product_id)).toEqual([queued.id]);
  });
  expect(await kit.claimOne(worker, due)).toMatchObject({ attempt: 2 });
});

describe('products whose attempts are used up', () => {
  /** The first of them is due first. */
  const spend = async (count: number) => {
    const products = [];
    for (let n = 0; n < count; n += 1) products.push(await kit.aProduct(await kit.aSeller()));
    expect(await kit.claim(worker, { max: count })).toHaveLength(count);
    for (const [n, { id }] of products.entries())
      await kit.rows(
        "update work_items set attempts = 3, due_at = now() - $2 * interval '1 s' where product_id = $1",
        id,
        count - n,
      );
    return products;
  };

  test('keep no other from failing, nor a claim from what is queued, where one cannot be failed', async () => {
    const [stuck, other] = (await spend(2)) as [ProductFixture, ProductFixture];
    const queued = await kit.aProduct(await kit.aSeller());
    await refusing(`products for each row when (new.status = 'failed' and new.id = '${stuck.id}')`, async () => {
      expect(await kit.claimOne(worker, queued)).toMatchObject({ attempt: 1 });
      expect(await kit.product(other)).toMatchObject({ status: 'failed' });
      expect(await kit.product(stuck)).toMatchObject({ status: 'processing' });
    });
    await kit.sweep();
    expect(await kit.product(stuck)).toMatchObject({ status: 'failed' });
  });

  test('are failed by a claim for some of them, which must not wait long, and by the sweep for all', async () => {
    await spend(25);
    const failed = () => kit.rows("select 1 from products where status = 'failed'");
    expect(await kit.claim(worker)).toEqual([]);
    expect(await failed()).toHaveLength(10);
    await kit.sweep();
    expect(await failed()).toHaveLength(25);
  });

  test('are left to whoever has them in hand', async () => {
    const [product] = (await spend(1)) as [ProductFixture];
    const { database } = kit.server.container;
    await kit.rows('begin');
    try {
      await kit.rows('select 1 from products where id = $1 for update', product.id);
      expect(await transactionsOf(database)((tx) => lockSpent(tx, product.id, 3))).toBeNull();
    } finally {
      await kit.rows('rollback');
    }
    expect(await transactionsOf(database)((tx) => lockSpent(tx, product.id, 3))).toMatchObject({ phase: 'processing' });
  });
});
