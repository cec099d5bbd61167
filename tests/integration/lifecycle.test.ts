import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import {
  LIFECYCLE_EVENTS,
  type LifecyclePhase,
  nextStatus,
  STATUSES,
  type Status,
} from '../../src/modules/products/domain/lifecycle';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct, aUser, testProducts } from '../support/products-fixture';

/** Every state that a row can be in: six statuses, and for `failed` each status it may have failed in. */
const PHASES: readonly LifecyclePhase[] = STATUSES.flatMap((status): LifecyclePhase[] =>
  status === 'failed' ? STATUSES.map((failedFrom) => ({ status, failedFrom })) : [{ status, failedFrom: null }],
);

let db: TestDatabase;
let seller: Seller;
let products: ReturnType<typeof testProducts>;

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
  products = testProducts(db);
}, 60_000);
afterAll(() => db.drop());

/** Puts a row into a phase without going there: with the triggers off, as nobody but the owner of the table can. */
async function putInto(id: ProductId, phase: LifecyclePhase): Promise<void> {
  await db.sql('alter table products disable trigger user');
  await db.sql('update products set status = $1, failed_from = $2 where id = $3', [phase.status, phase.failedFrom, id]);
  await db.sql('alter table products enable trigger user');
}

async function statusOf(id: ProductId): Promise<{ status: Status; failed_from: Status | null }> {
  const [row] = await db.sql<{ status: Status; failed_from: Status | null }>(
    'select status, failed_from from products where id = $1',
    [id],
  );
  if (!row) throw new Error('no such product');
  return row;
}

async function allowed(id: ProductId, to: Status): Promise<boolean> {
  const connection = await db.database.connect();
  try {
    await connection.query('update products set status = $1 where id = $2', [to, id]);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'IP001' });
    return false;
  } finally {
    connection.release();
  }
}

describe('the machine and the database', () => {
  test('allow the same changes, for every pair of statuses and every failed_from', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'uploading' });
    const pairs = new Set<string>();
    for (const phase of PHASES) {
      const ends = new Set(LIFECYCLE_EVENTS.map((event) => nextStatus(phase, event)));
      for (const to of STATUSES.filter((status) => status !== phase.status)) {
        await putInto(id, phase);
        const name = `${phase.status} (${phase.failedFrom}) → ${to}`;
        expect(`${name}: ${await allowed(id, to)}`).toBe(`${name}: ${ends.has(to)}`);
        if (ends.has(to)) {
          const failedFrom = to === 'failed' ? phase.status : null;
          expect(await statusOf(id)).toEqual({ status: to, failed_from: failedFrom });
        }
        pairs.add(`${phase.status}${to}`);
      }
      // From a status to itself there is no edge: the statement changes nothing and writes no history.
      expect(ends.has(phase.status)).toBe(false);
      pairs.add(`${phase.status}${phase.status}`);
    }
    expect(pairs.size).toBe(36);
  });

  test('call every edge by the same name', async () => {
    for (const phase of PHASES) {
      for (const event of LIFECYCLE_EVENTS) {
        const to = nextStatus(phase, event);
        if (!to) continue;
        const [row] = await db.sql('select lifecycle_event($1, $2, $3) as event', [phase.status, to, phase.failedFrom]);
        expect(row).toEqual({ event });
      }
    }
  });

  test('writing the status that a product already has leaves no history and no event', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'processing' });
    expect(await allowed(id, 'processing')).toBe(true);
    expect(await db.sql('select event from product_status_history where product_id = $1', [id])).toHaveLength(2);
  });
});

describe('a new product', () => {
  for (const status of STATUSES) {
    test(`inserted as ${status} is ${status === 'uploading' ? 'taken' : 'refused'}`, async () => {
      const connection = await db.database.connect();
      const insert = connection.query(
        `insert into products (id, user_id, prompt_text, status, failed_from) values ($1, $2, 'a lamp in good order', $3, $4)`,
        [newId(), seller.userId, status, status === 'failed' ? 'processing' : null],
      );
      if (status === 'uploading') await insert;
      else await expect(insert).rejects.toMatchObject({ code: 'IP001' });
      connection.release();
    });
  }

  test('cannot bring a failed_from or counts of its own', async () => {
    const connection = await db.database.connect();
    const id = newId<ProductId>();
    const columns = 'insert into products (id, user_id, prompt_text, failed_from, image_count)';
    const values = `values ('${id}', '${seller.userId}', 'a lamp in good order'`;
    await expect(connection.query(`${columns} ${values}, 'processing', 0)`)).rejects.toMatchObject({ code: 'IP001' });
    await connection.query(`${columns} ${values}, null, 7)`);
    connection.release();
    expect(await db.sql('select image_count from products where id = $1', [id])).toEqual([{ image_count: 0 }]);
  });
});

describe("the application's role", () => {
  const forbidden = [
    'truncate products cascade',
    'truncate product_images cascade',
    'truncate product_status_history',
    'truncate product_events',
    'truncate seller_ledger',
    'alter table products disable trigger products_guard',
    'alter table products disable trigger all',
    'alter table products drop constraint products_status_check',
    'drop trigger products_record on products',
    'create or replace function lifecycle_event(text, text, text) returns text language sql as $$ select $1 $$',
    "update products set failed_from = 'publishing'",
    "update products set created_at = now() - interval '1 year'",
    "insert into product_status_history (product_id, to_status, event, actor) select id, 'ready', 'COMPLETE', 'me' from products",
    'update product_status_history set actor = null',
    'delete from product_events',
    'update seller_ledger set ready = 0',
  ];

  for (const sql of forbidden) {
    test(`may not: ${sql.slice(0, 70)}`, async () => {
      const connection = await db.database.connect();
      const refused = connection.query(sql);
      await expect(refused).rejects.toMatchObject({ code: '42501' });
      connection.release();
    });
  }

  test('not even a superuser empties products by TRUNCATE, past the rows’ triggers', async () => {
    await expect(db.sql('truncate products cascade')).rejects.toThrow(/emptied by DELETE/);
  });
});

describe('changeStatus', () => {
  test('writes status, history, event and ledger together, with who and why', async () => {
    const other = await aUser(db);
    const { id } = await aProduct(db, other, { images: 1, status: 'uploading' });
    const status = await products.changeStatus({
      productId: id,
      event: 'FAIL',
      actor: 'operator',
      reason: 'the second photo cannot be decoded',
    });
    expect(status).toBe('failed');
    expect(await statusOf(id)).toEqual({ status: 'failed', failed_from: 'uploading' });
    const history = await db.sql(
      'select from_status, to_status, event, actor, reason from product_status_history where product_id = $1 order by id',
      [id],
    );
    expect(history[1]).toEqual({
      from_status: 'uploading',
      to_status: 'failed',
      event: 'FAIL',
      actor: 'operator',
      reason: 'the second photo cannot be decoded',
    });
    const events = await db.sql(
      'select number::int, type, data from product_events where user_id = $1 order by number',
      [other.userId],
    );
    expect(events.map(({ number }) => number)).toEqual([1, 2]);
    expect(events[1]).toMatchObject({
      type: 'status_change',
      data: { product_id: id, status: 'failed', message: 'the second photo cannot be decoded' },
    });
    const [ledger] = await db.sql('select uploading, failed from seller_ledger where user_id = $1', [other.userId]);
    expect(ledger).toEqual({ uploading: 0, failed: 1 });
  });

  test('who and why are those of one change: the next one on the same connection does not inherit them', async () => {
    const { id } = await aProduct(db, seller, { status: 'uploading' });
    await products.changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: 'operator', reason: 'by hand' });
    await allowed(id, 'ready');
    const [last] = await db.sql<{ actor: string; reason: string | null }>(
      'select actor, reason from product_status_history where product_id = $1 order by id desc limit 1',
      [id],
    );
    expect(last?.actor).toStartWith('sql:');
    expect(last?.reason).toBeNull();
  });

  test('an event that the machine refuses is INVALID_TRANSITION and changes nothing', async () => {
    const { id } = await aProduct(db, seller, { status: 'uploading' });
    const change = products.changeStatus({ productId: id, event: 'PUBLISH', actor: 'operator', reason: null });
    await expect(change).rejects.toMatchObject({ code: 'INVALID_TRANSITION', httpStatus: 409 });
    expect((await statusOf(id)).status).toBe('uploading');
  });

  test('RETRY goes back to the phase that failed, and is refused where the upload failed', async () => {
    const retry = (productId: ProductId) =>
      products.changeStatus({ productId, event: 'RETRY', actor: 'operator', reason: null });
    const publishing = await aProduct(db, seller, {
      way: ['processing', 'ready', 'publishing', 'failed'],
    });
    expect(await retry(publishing.id)).toBe('publishing');
    expect(await statusOf(publishing.id)).toEqual({ status: 'publishing', failed_from: null });
    const upload = await aProduct(db, seller, { way: ['failed'] });
    await expect(retry(upload.id)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
  });

  test('an unknown product is PRODUCT_NOT_FOUND', async () => {
    const change = products.changeStatus({ productId: newId(), event: 'FAIL', actor: 'operator', reason: null });
    await expect(change).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });

  test('of many that want the same change at once, one makes it and the others are told', async () => {
    const { id } = await aProduct(db, seller, { status: 'uploading' });
    const changes = Array.from({ length: 8 }, (_, n) =>
      products.changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: `operator ${n}`, reason: null }),
    );
    const outcomes = await Promise.allSettled(changes);
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of outcomes) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'INVALID_TRANSITION' });
    }
    expect(await db.sql('select 1 from product_status_history where product_id = $1', [id])).toHaveLength(2);
  });

  test('a status that changed between reading and writing is not overwritten', async () => {
    const { id } = await aProduct(db, seller, { status: 'ready' });
    await db.sql('begin');
    await db.sql("update products set status = 'publishing' where id = $1", [id]);
    const change = products.changeStatus({ productId: id, event: 'FAIL', actor: 'operator', reason: null });
    change.catch(() => undefined);
    // It has read `ready`, for which FAIL is allowed, and waits for the row.
    const waiting = 'select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))';
    while ((await db.sql(waiting)).length === 0) await Bun.sleep(5);
    await db.sql('commit');
    await expect(change).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    expect((await statusOf(id)).status).toBe('publishing');
  });
});
