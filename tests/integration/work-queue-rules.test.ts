import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { LIFECYCLE_EVENTS, nextStatus, type Status } from '../../src/modules/products/domain/lifecycle';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct, aUser, type ProductFixture, testProducts, WAY } from '../support/products-fixture';
import { until } from '../support/server';

let db: TestDatabase;
let seller: Seller;

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
}, 60_000);
afterAll(() => db.drop());

const setStatus = (id: ProductId, status: Status) =>
  db.sql('update products set status = $1 where id = $2', [status, id]);
const itemsOf = (id: ProductId) =>
  db.sql('select user_id, phase, state, attempts, due_at from work_items where product_id = $1', [id]);

async function aLease(productId: ProductId): Promise<string> {
  const id = newId<ProductId>();
  await db.sql(
    `insert into work_leases (id, product_id, phase, holder_id, worker, attempt, lease_seconds, expires_at)
      values ($1, $2, 'processing', $3, 'w1', 1, 60, now() + interval '60 s')`,
    [id, productId, seller.userId],
  );
  await db.sql(
    `insert into intents (id, kind, product_id, prefix, expires_at) values ($1, 'result', $2, $3, now() + interval '60 s')`,
    [id, productId, `products/${productId}/${id}/`],
  );
  return id;
}

const stateOf = async (table: 'work_leases' | 'intents', id: string) =>
  (await db.sql<{ state: string }>(`select state from ${table} where id = $1`, [id]))[0]?.state;

describe('the queue follows the status', () => {
  for (const [from, way] of Object.entries(WAY) as [Status, readonly Status[]][]) {
    test(`over every edge from ${from}, by plain SQL`, async () => {
      const failedFrom = from === 'failed' ? 'processing' : null;
      for (const event of LIFECYCLE_EVENTS) {
        const to = nextStatus({ status: from, failedFrom }, event);
        if (!to) continue;
        const { id } = await aProduct(db, seller, { images: 0, way });
        await setStatus(id, to);
        const queued = { user_id: seller.userId, phase: to, state: 'queued', attempts: 0, due_at: null };
        expect(await itemsOf(id)).toEqual(to === 'processing' || to === 'publishing' ? [queued] : []);
      }
    });
  }

  test('by the application’s own change of status, and out of it with the product', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'uploading' });
    const { changeStatus } = testProducts(db);
    await changeStatus({ productId: id, event: 'UPLOADS_VERIFIED', actor: 'system', reason: null });
    expect(await itemsOf(id)).toHaveLength(1);
    await db.sql('delete from products where id = $1', [id]);
    expect(await itemsOf(id)).toEqual([]);
  });

  test('a product that is tried again begins with no attempts', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'processing' });
    await db.sql("update work_items set attempts = 3, state = 'waiting', due_at = now() where product_id = $1", [id]);
    await setStatus(id, 'failed');
    await setStatus(id, 'processing');
    expect(await itemsOf(id)).toMatchObject([{ attempts: 0, state: 'queued', due_at: null }]);
  });

  test('each seller has one item in every turn, and no turn begins before the queue’s', async () => {
    const [many, one] = [await aUser(db), await aUser(db)];
    await db.sql('delete from products where user_id = $1', [seller.userId]);
    for (let n = 0; n < 4; n += 1) await aProduct(db, many, { images: 0, status: 'processing' });
    await aProduct(db, one, { images: 0, status: 'processing' });
    const turns = (of: Seller) =>
      db.sql<{ turn: number }>('select turn::int from work_items where user_id = $1 order by turn', [of.userId]);
    const first = (await turns(many))[0]!.turn;
    const after = async (of: Seller) => (await turns(of)).map(({ turn }) => turn - first);
    expect(await after(many)).toEqual([0, 1, 2, 3]);
    await db.sql("update work_items set state = 'leased', due_at = now() where turn < $3 and user_id in ($1, $2)", [
      many.userId,
      one.userId,
      first + 2,
    ]);
    await aProduct(db, one, { images: 0, status: 'processing' });
    expect(await after(one)).toEqual([0, 2]);
  });

  test('a seller goes on after its last turn, though nothing of it waits any more', async () => {
    const [many, one] = [await aUser(db), await aUser(db)];
    for (let n = 0; n < 3; n += 1) await aProduct(db, many, { images: 0, status: 'processing' });
    const turnOf = async (id: ProductId) =>
      (await db.sql<{ turn: number }>('select turn::int from work_items where product_id = $1', [id]))[0]!.turn;
    const before = await aProduct(db, one, { images: 0, status: 'processing' });
    const turn = await turnOf(before.id);
    await setStatus(before.id, 'ready');
    const next = await aProduct(db, one, { images: 0, status: 'processing' });
    expect(await turnOf(next.id)).toBe(turn + 1);
  });
});

describe('turns of products that are deleted before they come', () => {
  const turnOf = async ({ id }: { id: ProductId }) =>
    (await db.sql<{ turn: number }>('select turn::int from work_items where product_id = $1', [id]))[0]!.turn;
  const queued = (of: Seller) => aProduct(db, of, { images: 0, status: 'processing' });
  const many = async (of: Seller, count: number) => {
    const made: ProductFixture[] = [];
    for (let n = 0; n < count; n += 1) made.push(await queued(of));
    return made;
  };
  const remove = ({ id }: ProductFixture) => db.sql('delete from products where id = $1', [id]);

  for (const [order, ordered] of [
    ['the first one first', (of: ProductFixture[]) => of],
    ['the last one first', (of: ProductFixture[]) => of.toReversed()],
  ] as const) {
    test(`are given back, ${order}: the next does not wait for all of another’s`, async () => {
      const [other, one] = [await aUser(db), await aUser(db)];
      await db.sql("update products set status = 'failed' where status = 'processing'");
      const [first] = await many(other, 6);
      const mine = await many(one, 6);
      for (const product of ordered(mine)) await remove(product);
      expect((await turnOf(await queued(one))) - (await turnOf(first!))).toBeLessThanOrEqual(1);
    });
  }

  test('are not given back as far as something of the seller’s still waits', async () => {
    const [other, one] = [await aUser(db), await aUser(db)];
    await queued(other);
    const mine = await many(one, 4);
    await remove(mine[3]!);
    await remove(mine[2]!);
    expect(await turnOf(await queued(one))).toBe((await turnOf(mine[1]!)) + 1);
  });

  test('do not let a seller come twice in the turn in which it was served, nor by a product that was put back', async () => {
    const [other, one] = [await aUser(db), await aUser(db)];
    await db.sql("update products set status = 'failed' where status = 'processing'");
    const putBack = await queued(other);
    const waiting = (await many(other, 3))[1]!;
    await many(one, 2);
    const served = (await many(one, 1))[0]!;
    const spare = await queued(one);
    const present = await turnOf(waiting);
    await db.sql('delete from work_items where turn < $1 and product_id <> $2', [present, putBack.id]);
    await db.sql('update work_items set attempts = 1, turn = $2 where product_id = $1', [putBack.id, present]);
    expect(await turnOf(served)).toBe(present);
    await setStatus(served.id, 'ready');
    await remove(spare);
    expect(await turnOf(await queued(one))).toBe(present + 1);
  });

  test('are given back where all that waits has been put back, and never move the seller’s next one on', async () => {
    const [other, one] = [await aUser(db), await aUser(db)];
    await db.sql("update products set status = 'failed' where status = 'processing'");
    const [first] = await many(other, 6);
    await db.sql('update work_items set attempts = 1, turn = turn + 1 where user_id = $1', [other.userId]);
    for (const product of await many(one, 6)) await remove(product);
    const present = await turnOf(first!);
    expect((await turnOf(await queued(one))) - present).toBeLessThanOrEqual(1);
    await remove(await queued(other));
    expect((await turnOf(await queued(other))) - present).toBeLessThanOrEqual(5);
  });

  test('and one that enters meanwhile do not wait for each other', async () => {
    const one = await aUser(db);
    const mine = await queued(one);
    const entering = await aProduct(db, one, { images: 0, status: 'uploading' });
    await db.sql('begin');
    // as whoever enters does: the ledger, then the turn
    await db.sql('update seller_ledger set last_event = last_event where user_id = $1', [one.userId]);
    const removed = db.database.query('delete from products where id = $1', [mine.id]);
    const waiting = () =>
      db.sql(`select 1 from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database() and a.pid <> pg_backend_pid()`);
    await until(async () => (await waiting()).length > 0, 'the deletion waits');
    await setStatus(entering.id, 'processing');
    await db.sql('commit');
    await removed;
    expect(await itemsOf(entering.id)).toHaveLength(1);
    expect(await itemsOf(mine.id)).toEqual([]);
  });
});

describe('a lease', () => {
  for (const [what, end] of [
    ['its product changes status', (id: ProductId) => setStatus(id, 'failed')],
    ['its product is deleted', (id: ProductId) => db.sql('delete from products where id = $1', [id])],
  ] as const) {
    test(`ends when ${what}, and what was stored under it is to be deleted`, async () => {
      const { id } = await aProduct(db, seller, { images: 0, status: 'processing' });
      const lease = await aLease(id);
      await end(id);
      expect(['lost', undefined]).toContain(await stateOf('work_leases', lease));
      expect(await stateOf('intents', lease)).toBe('draining');
    });
  }

  test('that was completed keeps its state and does not touch its intent', async () => {
    const { id } = await aProduct(db, seller, { images: 0, status: 'processing' });
    const lease = await aLease(id);
    await db.sql("update work_leases set state = 'completed', ended_at = now() where id = $1", [lease]);
    await setStatus(id, 'ready');
    expect(await stateOf('work_leases', lease)).toBe('completed');
    expect(await stateOf('intents', lease)).toBe('open');
  });
});

describe('events that end a phase', () => {
  test('a seller’s events have no gap and no repeat, though many products end at once with two events each', async () => {
    const busy = await aUser(db);
    const products: ProductId[] = [];
    for (let n = 0; n < 12; n += 1) products.push((await aProduct(db, busy, { images: 0, status: 'processing' })).id);
    const { changeStatus } = testProducts(db);
    await Promise.all(
      products.map((productId, n) =>
        changeStatus({ productId, event: n % 2 ? 'FAIL' : 'COMPLETE', actor: 'worker:w1', reason: null }),
      ),
    );
    const events = await db.sql<{ number: number; type: string; product_id: string }>(
      'select number::int, type, product_id from product_events where user_id = $1 order by number',
      [busy.userId],
    );
    // created, verified, ended: and then what it ended in
    expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 12 * 4 }, (_, n) => n + 1));
    const [ledger] = await db.sql('select last_event::int from seller_ledger where user_id = $1', [busy.userId]);
    expect(ledger).toEqual({ last_event: 12 * 4 });
    for (const [n, { type, product_id }] of events.entries()) {
      if (type === 'status_change') continue;
      expect(events[n - 1]).toMatchObject({ type: 'status_change', product_id });
    }
    expect(events.filter(({ type }) => type === 'processing_complete')).toHaveLength(6);
    expect(events.filter(({ type }) => type === 'error')).toHaveLength(6);
  });
});

describe('the application’s role', () => {
  for (const [what, statement] of [
    [
      'put into the queue',
      (id: string) =>
        `insert into work_items (product_id, user_id, phase, turn) values ('${id}', '${id}', 'processing', 0)`,
    ],
    [
      'take a turn',
      (id: string) => `insert into work_turns (phase, user_id, last_turn) values ('processing', '${id}', 0)`,
    ],
    ['take from the queue', (id: string) => `delete from work_items where product_id = '${id}'`],
    ['move to another seller', (id: string) => `update work_items set user_id = '${id}' where product_id = '${id}'`],
    ['move to another phase', (id: string) => `update work_items set phase = 'publishing' where product_id = '${id}'`],
    [
      'write events',
      (id: string) =>
        `insert into product_events (user_id, number, product_id, type, data) values ('${id}', 1, '${id}', 'error', '{}')`,
    ],
  ] as const) {
    test(`cannot ${what}`, async () => {
      const { id } = await aProduct(db, seller, { images: 0, status: 'processing' });
      await expect(db.database.query(statement(id))).rejects.toMatchObject({ code: '42501' });
      expect(await itemsOf(id)).toHaveLength(1);
    });
  }

  test('nobody empties the queue by TRUNCATE', async () => {
    await expect(db.sql('truncate work_items')).rejects.toMatchObject({ code: 'IP003' });
    await expect(db.sql('truncate work_leases cascade')).rejects.toMatchObject({ code: 'IP003' });
  });
});
