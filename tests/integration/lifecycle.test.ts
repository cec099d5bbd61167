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
import { aProduct, aUser } from '../support/products-fixture';

/** Every state that a row can be in: six statuses, and for `failed` each status it may have failed in. */
const PHASES: readonly LifecyclePhase[] = STATUSES.flatMap((status): LifecyclePhase[] =>
  status === 'failed' ? STATUSES.map((failedFrom) => ({ status, failedFrom })) : [{ status, failedFrom: null }],
);

let db: TestDatabase;
let seller: Seller;

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
}, 60_000);
afterAll(() => db.drop());

/** Puts a row into a phase without going there: with the triggers off, as nobody but the owner of the table can; not into the queue. */
async function putInto(id: ProductId, phase: LifecyclePhase): Promise<void> {
  await db.sql('alter table products disable trigger user');
  await db.sql('update products set status = $1, failed_from = $2 where id = $3', [phase.status, phase.failedFrom, id]);
  await db.sql('alter table products enable trigger user');
  await db.sql('delete from work_items where product_id = $1', [id]);
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
