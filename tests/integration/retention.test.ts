import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { postgresRetained } from '../../src/modules/maintenance/infrastructure/postgres-retained';
import { aProduct } from '../support/products-fixture';
import { type UpkeepKit, upkeepKit } from '../support/upkeep-kit';

const OFF = { failedProducts: 0, history: 0, events: 0, runs: 0, operatorAudit: 0 };
const DAYS = { failedProducts: 10, history: 10, events: 10, runs: 10, operatorAudit: 10 };

let kit: UpkeepKit;
let seller: Seller;

beforeAll(async () => {
  kit = await upkeepKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('update products set legal_hold = false');
  await kit.db.sql('delete from users');
  await kit.db.sql('delete from maintenance_runs');
  seller = await kit.seller();
});

const retain = async (ages: Partial<typeof DAYS>, dryRun = false) =>
  (await kit.upkeep({ ages: { ...OFF, ...ages } }).retention({ dryRun })).counts;
const ids = async () => (await kit.db.sql<{ id: ProductId }>('select id from products')).map(({ id }) => id).sort();

/** As if nobody had touched it for so many days. */
async function untouched(id: ProductId, days: number): Promise<void> {
  const then = 'now() - make_interval(days => $2)';
  await kit.db.sql('alter table products disable trigger user');
  await kit.db.sql(`update products set updated_at = ${then} where id = $1`, [id, days]);
  await kit.db.sql('alter table products enable trigger user');
  await kit.db.sql(`update product_status_history set at = ${then} where product_id = $1`, [id, days]);
  await kit.db.sql(`update product_events set at = ${then} where product_id = $1`, [id, days]);
}

async function aged(status: 'failed' | 'ready' | 'uploading', days: number): Promise<ProductId> {
  const { id } = await aProduct(kit.db, seller, { status, images: 1 });
  await untouched(id, days);
  return id;
}

describe('retention', () => {
  test('deletes failed products of that age with their images, and the objects by the journal; no other one', async () => {
    const old = await kit.aProduct(seller, 1);
    await kit.db.sql("update products set status = 'failed' where id = $1", [old]);
    await untouched(old, 11);
    const kept = [await aged('failed', 9), await aged('ready', 11), await aged('uploading', 11)];
    expect((await kit.keys()).length).toBe(4);
    expect(await retain(DAYS, true)).toMatchObject({ failed_products: 1 });
    expect(await ids()).toEqual([old, ...kept].sort());
    expect(await retain({ failedProducts: 10 })).toEqual({ failed_products: 1 });
    expect(await ids()).toEqual(kept.sort());
    await kit.storage.sweep();
    expect(await kit.keys()).toEqual([]);
  });

  test('keeps failed products where no age was set, however old they are', async () => {
    const id = await aged('failed', 10_000);
    expect(await retain({})).toEqual({});
    expect(await ids()).toEqual([id]);
  });

  test('never touches what is under legal hold, nor its history', async () => {
    const [held, other] = [await aged('failed', 500), await aged('failed', 500)];
    await kit.db.sql('alter table products disable trigger user');
    await kit.db.sql('update products set legal_hold = true where id = $1', [held]);
    await kit.db.sql('alter table products enable trigger user');
    const history = () => kit.db.sql('select * from product_status_history where product_id = $1 order by id', [held]);
    const before = await history();
    expect(before.length).toBeGreaterThan(0);
    expect(await retain(DAYS, true)).toMatchObject({ failed_products: 1 });
    expect(await retain(DAYS)).toMatchObject({ failed_products: 1 });
    expect(await ids()).toEqual([held]);
    expect(await ids()).not.toContain(other);
    expect(await history()).toEqual(before);
  });

  test('deletes all that is of its age in one run, however many batches that takes', async () => {
    await kit.db.sql(`
      insert into maintenance_runs (task, started_at, ended_at, outcome)
        select 'sweep', now() - interval '20 days' + make_interval(secs => n), now(), 'ok' from generate_series(1, 241) n`);
    const ages = { ...OFF, runs: 10 };
    const runs = postgresRetained(kit.db.database.orm, ages, 2).find(({ name }) => name === 'runs');
    expect(await runs?.run(new AbortController().signal)).toEqual({ runs: 240 });
    expect(await runs?.preview()).toEqual({ runs: 0 });
  });

  test('forgets history and events of that age, and younger ones not', async () => {
    const [old, young] = [await aged('ready', 11), await aged('ready', 9)];
    const rows = async (table: string) =>
      (await kit.db.sql<{ id: string }>(`select distinct product_id as id from ${table} order by 1`)).map(
        ({ id }) => id,
      );
    const would = await retain(DAYS, true);
    expect(await rows('product_events')).toEqual([old, young].sort());
    expect(await retain(DAYS)).toEqual(would);
    expect(would).toMatchObject({ history: 3, events: 4 });
    expect(await rows('product_status_history')).toEqual([young]);
    expect(await rows('product_events')).toEqual([young]);
  });

  test('forgets old runs of upkeep, but of no task the last', async () => {
    await kit.db.sql(
      `insert into maintenance_runs (task, started_at, ended_at, outcome) values
        ('sweep', now() - interval '30 days', now() - interval '30 days', 'ok'),
        ('sweep', now() - interval '20 days', now() - interval '20 days', 'ok'),
        ('sweep', now(), now(), 'ok'),
        ('scrub', now() - interval '30 days', now() - interval '30 days', 'failed')`,
    );
    expect(await retain({ runs: 10 }, true)).toMatchObject({ runs: 2 });
    expect(await retain({ runs: 10 })).toMatchObject({ runs: 2 });
    const left = await kit.db.sql("select task from maintenance_runs where task <> 'retention' order by task");
    expect(left).toEqual([{ task: 'scrub' }, { task: 'sweep' }]);
  });

  test('the last run that went well stays, however often the task has failed since, or was only tried', async () => {
    await kit.db.sql(
      `insert into maintenance_runs (task, started_at, ended_at, outcome, dry_run) values
        ('scrub', now() - interval '93 days', now(), 'ok', false), ('scrub', now() - interval '92 days', now(), 'ok', false),
        ('scrub', now() - interval '91 days', now(), 'failed', false), ('scrub', now() - interval '91 days', now(), 'ok', true),
        ('scrub', now() - interval '1 hour', now(), 'failed', false)`,
    );
    expect(await retain({ runs: 10 })).toMatchObject({ runs: 2 });
    const left = await kit.db.sql(
      "select (now()::date - started_at::date) as days, outcome from maintenance_runs where task = 'scrub' order by started_at",
    );
    expect(left).toEqual([
      { days: 92, outcome: 'ok' },
      { days: 91, outcome: 'ok' },
      { days: 0, outcome: 'failed' },
    ]);
  });

  test('forgets findings before their runs, in batches, and none of a run that a younger one goes on with', async () => {
    await kit.db.sql(
      `insert into maintenance_runs (id, task, started_at, ended_at, outcome, findings_run_id) values
        (1, 'audit', now() - interval '30 days', now(), 'ok', null), (2, 'audit', now() - interval '20 days', null, null, null),
        (3, 'audit', now() - interval '5 days', now(), 'ok', 2), (4, 'audit', now(), now(), 'ok', null);
      insert into audit_findings (run_id, key, kind) select run, n::text, 'orphan' from generate_series(1, 4) run, generate_series(1, 7) n`,
    );
    const [findings, runs] = postgresRetained(kit.db.database.orm, { ...OFF, runs: 10 }, 3).filter(({ name }) =>
      ['findings', 'runs'].includes(name),
    );
    const { signal } = new AbortController();
    expect([await findings?.preview(), await runs?.preview()]).toEqual([{ findings: 7 }, { runs: 1 }]);
    expect(await findings?.run(signal)).toEqual({ findings: 7 });
    expect(await runs?.run(signal)).toEqual({ runs: 1 });
    const left = 'select run_id::int as run, count(*)::int as n from audit_findings group by run_id order by run_id';
    expect(await kit.db.sql(left)).toEqual([2, 3, 4].map((run) => ({ run, n: 7 })));
  });

  test('forgets leases that came to nothing, and none that is completed, alive or young', async () => {
    const { id } = await aProduct(kit.db, seller, { status: 'processing', images: 1 });
    await kit.db.sql(
      `insert into work_leases (id, product_id, phase, holder_id, worker, state, attempt, lease_seconds, expires_at, ended_at)
        select gen_random_uuid(), $1, 'processing', $2, state || '/' || days, state, 1, 60, now(),
          case when state <> 'live' then now() - make_interval(days => days) end
        from (values ('lost', 11), ('failed', 11), ('completed', 11), ('live', 11), ('lost', 9)) as l(state, days)`,
      [id, seller.userId],
    );
    expect(await retain({ runs: 10 }, true)).toMatchObject({ leases: 2 });
    expect(await retain({ runs: 10 })).toMatchObject({ leases: 2 });
    const left = await kit.db.sql<{ worker: string }>('select worker from work_leases order by worker');
    expect(left.map(({ worker }) => worker)).toEqual(['completed/11', 'live/11', 'lost/9']);
  });

  test('forgets what operators did by its age, and nothing of the last 90 days, whatever the age', async () => {
    await kit.db.sql(
      `insert into operator_audit (act, actor, source, command, outcome, at)
        select gen_random_uuid(), days::text, 'cli', 'sweep', 'done', now() - make_interval(days => days)
        from unnest(array[200, 91, 89, 1]) as days`,
    );
    const left = async () =>
      (await kit.db.sql<{ actor: string }>('select actor from operator_audit order by at')).map(({ actor }) => actor);
    expect(await retain({ operatorAudit: 150 })).toMatchObject({ operator_audit: 1 });
    expect(await left()).toEqual(['91', '89', '1']);
    expect(await retain({ operatorAudit: 10 }, true)).toMatchObject({ operator_audit: 1 });
    expect(await retain({ operatorAudit: 10 })).toMatchObject({ operator_audit: 1 });
    expect(await left()).toEqual(['89', '1']);
  });

  test('goes on in batches until nothing of that age is left', async () => {
    for (let n = 0; n < 7; n += 1) await aged('failed', 11);
    const [products] = postgresRetained(kit.db.database.orm, DAYS, 3);
    expect(await products?.run(new AbortController().signal)).toEqual({ failed_products: 7 });
    expect(await ids()).toEqual([]);
  });

  test('does the others when one fails', async () => {
    const broken = {
      name: 'broken',
      ageDays: 1,
      run: () => Promise.reject(new Error('x')),
      preview: () => Promise.reject(new Error('x')),
    };
    await aged('failed', 11);
    const upkeep = kit.upkeep({ ages: { ...OFF, failedProducts: 10 }, retentionSteps: [broken] });
    await expect(upkeep.retention({ dryRun: false })).rejects.toThrow('failed: broken');
    expect(await ids()).toEqual([]);
    expect(upkeep.retentionAges()).toMatchObject({ failed_products: 10, history: null, broken: 1 });
  });
});
