import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Principal, Seller } from '../../src/kernel/principal';
import { queueFacts } from '../../src/modules/processing/infrastructure/work/queue-facts';
import { STATUSES, type Status } from '../../src/modules/products/domain/lifecycle';
import { photo } from '../support/photos';
import { answerOf, aProduct } from '../support/products-fixture';
import { aSeller } from '../support/seller-client';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;
let seller: Seller;

beforeAll(async () => {
  kit = await workKit({ PUBLIC_URL: 'https://api.example.com/store' });
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.rows('delete from products');
  seller = await kit.aSeller();
});

const PROCEDURES = {
  retry: { failed: 'processing' },
  regenerate: { ready: 'processing' },
  publish: { ready: 'publishing' },
} as const;

describe.each(Object.entries(PROCEDURES) as [keyof typeof PROCEDURES, Partial<Record<Status, Status>>][])(
  '%s',
  (procedure, edges) => {
    test.each([...STATUSES])(
      'of a product that is %s goes where the lifecycle leads, or is refused',
      async (status) => {
        const { id } = await kit.aProduct(seller, status);
        const call = kit.as(seller).products[procedure]({ id });
        const to = edges[status];
        if (!to) {
          expect(await answerOf(call)).toMatchObject({ code: 'INVALID_TRANSITION', details: { status } });
          expect(await kit.product({ id })).toMatchObject({ status });
          return;
        }
        expect(await call).toEqual({
          status: to,
          estimated_completion_seconds: 15,
          websocket_url: `wss://api.example.com/ws/products/${id}/status`,
        });
        expect(await kit.product({ id })).toMatchObject({ status: to });
        expect(await kit.item({ id })).toMatchObject({ state: 'queued', attempts: 0 });
        const [line] = await kit.rows(
          'select actor from product_status_history where product_id = $1 order by id desc limit 1',
          id,
        );
        expect(line).toEqual({ actor: 'seller' });
      },
    );
  },
);

test('retry goes back to the phase that failed, and never to an upload that failed', async () => {
  const publishing = await aProduct(kit.db, seller, { way: ['processing', 'ready', 'publishing', 'failed'] });
  expect(await kit.as(seller).products.retry({ id: publishing.id })).toMatchObject({ status: 'publishing' });
  const upload = await aProduct(kit.db, seller, { way: ['failed'] });
  expect(await answerOf(kit.as(seller).products.retry({ id: upload.id }))).toMatchObject({
    code: 'INVALID_TRANSITION',
  });
});

test('many that publish at once publish once', async () => {
  const { id } = await kit.aProduct(seller, 'ready');
  const calls = await Promise.allSettled(Array.from({ length: 6 }, () => kit.as(seller).products.publish({ id })));
  expect(calls.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(
    await kit.rows("select 1 from product_status_history where product_id = $1 and event = 'PUBLISH'", id),
  ).toHaveLength(1);
});

test('regenerating ends the lease of nobody else, and publishing again after it works', async () => {
  const product = await kit.aProduct(seller, 'ready');
  await kit.as(seller).products.regenerate({ id: product.id });
  const { lease_id: id } = await kit.claimOne(worker, product);
  expect(await answerOf(kit.as(seller).products.regenerate({ id: product.id }))).toMatchObject({
    code: 'INVALID_TRANSITION',
  });
  await kit.as(worker).work.complete({ id, images: [] });
  expect(await kit.as(seller).products.publish({ id: product.id })).toMatchObject({ status: 'publishing' });
});

describe('the estimate', () => {
  let fresh: WorkKit;
  beforeAll(async () => {
    fresh = await workKit();
  }, 60_000);
  afterAll(() => fresh.stop());

  test('is told with 201: from how long work has taken and how much there is', async () => {
    const one = await fresh.aSeller();
    const other = await fresh.aWorker();
    for (let n = 0; n < 4; n += 1) await fresh.aProduct(one);
    const jobs = await fresh.claim(other, { max: 2 });
    for (const { lease_id } of jobs) await fresh.as(other).work.complete({ id: lease_id, images: [] });
    await fresh.rows("update work_leases set created_at = ended_at - interval '40 s'");
    // two are before it and nobody is at work: three rounds of 40 s
    const [idle] = [await fresh.aProduct(one, 'ready')];
    expect(await fresh.as(one).products.publish({ id: idle.id })).toMatchObject({ estimated_completion_seconds: 15 });
    // and two more wait to be decoded, by nobody: three rounds of 10 s before that
    await fresh.rows(
      `insert into pgboss.job (name, data, singleton_key, policy, state, started_on, completed_on)
        select 'prepare', '{}', n::text, 'stately', (case when n > 2 then 'completed' else 'created' end)::pgboss.job_state,
          case when n > 2 then now() - interval '10 s' end, case when n > 2 then now() end
        from generate_series(1, 5) as n`,
    );
    const client = await aSeller(fresh.server);
    const response = await client.upload([await photo()]);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ estimated_processing_time_seconds: 120 + 30 });
  });

  test('forgets how long work took the day before yesterday', async () => {
    await fresh.rows(
      "update work_leases set created_at = created_at - interval '2 days', ended_at = ended_at - interval '2 days'",
    );
    expect(await queueFacts(fresh.server.container.database.orm)('processing')).toMatchObject({ averageSeconds: null });
  });
});
