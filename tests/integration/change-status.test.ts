import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import type { Status } from '../../src/modules/products/domain/lifecycle';
import { openTestDatabase, type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct, aUser, testProducts } from '../support/products-fixture';

let db: TestDatabase;
let seller: Seller;
let products: ReturnType<typeof testProducts>;

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
  products = testProducts(db);
}, 60_000);
afterAll(() => db.drop());

async function statusOf(id: ProductId): Promise<{ status: Status; failed_from: Status | null }> {
  const [row] = await db.sql<{ status: Status; failed_from: Status | null }>(
    'select status, failed_from from products where id = $1',
    [id],
  );
  if (!row) throw new Error('no such product');
  return row;
}

describe('changeStatus', () => {
  test('writes status, history, event and ledger together, with who and why', async () => {
    const other = await aUser(db);
    const { id } = await aProduct(db, other, { images: 1, status: 'uploading' });
    const status = await products.changeStatus({
      productId: id,
      event: 'FAIL',
      actor: 'operator',
      reason: 'the second photo cannot be decoded',
      errorType: 'undecodable',
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
    expect(events.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(events.slice(1)).toEqual([
      {
        number: 2,
        type: 'status_change',
        data: { product_id: id, status: 'failed', message: 'the second photo cannot be decoded' },
      },
      {
        number: 3,
        type: 'error',
        data: {
          product_id: id,
          error_type: 'undecodable',
          error_message: 'the second photo cannot be decoded',
          retry_available: false,
        },
      },
    ]);
    const [ledger] = await db.sql('select uploading, failed from seller_ledger where user_id = $1', [other.userId]);
    expect(ledger).toEqual({ uploading: 0, failed: 1 });
  });

  test('who and why are those of one change: the next one on the same connection does not inherit them', async () => {
    const { id } = await aProduct(db, seller, { status: 'uploading' });
    const database = openTestDatabase(db.url, { poolSize: 1 });
    const { changeStatus } = testProducts({ ...db, database });
    await changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: 'operator', reason: 'by hand' });
    await database.orm.execute(`update products set status = 'ready' where id = '${id}'`);
    await database.close();
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

  test('an edge that is not for this kind of actor is FORBIDDEN and changes nothing', async () => {
    const { id } = await aProduct(db, seller, { status: 'ready' });
    for (const actor of ['worker:operator', 'system', 'nobody']) {
      const change = products.changeStatus({ productId: id, event: 'PUBLISH', actor, reason: null });
      await expect(change).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect((await statusOf(id)).status).toBe('ready');
    const bySeller = { productId: id, event: 'PUBLISH', actor: `seller:${seller.userId}`, reason: null } as const;
    expect(await products.changeStatus(bySeller)).toBe('publishing');
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
      products.changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: `operator:${n}`, reason: null }),
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
