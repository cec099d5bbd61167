import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Writes, writesOf } from '../../scripts/lifecycle/writes';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { type LifecycleEdge, lifecycleEdges } from '../../src/modules/products/domain/lifecycle-edges';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct, aUser } from '../support/products-fixture';

let db: TestDatabase;
let seller: Seller;

beforeAll(async () => {
  db = await testDatabase();
  seller = await aUser(db);
}, 60_000);
afterAll(() => db.drop());

const LONG_AGO = new Date('2001-01-01T00:00:00Z');

/** A product in the phase that the edge begins in, with something in each column that a change may empty, and a live lease. */
async function before({ from }: LifecycleEdge): Promise<ProductId> {
  const { id } = await aProduct(db, seller, { images: 0, status: 'uploading' });
  await db.sql('alter table products disable trigger user');
  await db.sql(
    `update products set status = $2, failed_from = $3, processing_error = 'an older one',
      processing_started_at = $4, processing_completed_at = $4, updated_at = $4 where id = $1`,
    [id, from.status, from.failedFrom, LONG_AGO],
  );
  await db.sql('alter table products enable trigger user');
  if (from.status === 'processing' || from.status === 'publishing') {
    await db.sql('insert into work_items (product_id, user_id, phase, turn, attempts) values ($1, $2, $3, 0, 2)', [
      id,
      seller.userId,
      from.status,
    ]);
    await db.sql(
      `insert into work_leases (id, product_id, phase, holder_id, worker, attempt, lease_seconds, expires_at)
        values ($1, $2, $3, $4, 'w1', 2, 60, now() + interval '60 s')`,
      [newId(), id, from.status, seller.userId],
    );
  }
  return id;
}

async function productRow(id: ProductId): Promise<Record<string, unknown>> {
  const [row] = await db.sql('select * from products where id = $1', [id]);
  return row!;
}

/** The same words for what PostgreSQL really wrote. */
function columnsWritten(old: Record<string, unknown>, now: Record<string, unknown>, reason: string): object {
  const changed = Object.keys(now).filter((name) => !Bun.deepEquals(old[name], now[name]));
  const inWords = (value: unknown) => {
    if (value === null) return 'null';
    if (value instanceof Date) return 'now';
    return value === reason ? 'the reason' : value;
  };
  return Object.fromEntries(changed.map((name) => [name, inWords(now[name])]));
}

const named = lifecycleEdges().map((edge): [string, LifecycleEdge] => [
  `${edge.event} from ${edge.from.status} to ${edge.to}`,
  edge,
]);

test.each(named)('%s writes what docs/lifecycle.md says, and nothing else', async (name, edge) => {
  const id = await before(edge);
  const old = await productRow(id);
  const [ledger] = await db.sql<{ last: number }>(
    'select last_event::int as last from seller_ledger where user_id = $1',
    [seller.userId],
  );
  await db.sql('begin');
  await db.sql("select set_config('intellipost.reason', $1, true)", [name]);
  await db.sql('update products set status = $1 where id = $2', [edge.to, id]);
  await db.sql('commit');
  const history = await db.sql<{ event: string }>(
    'select event from product_status_history where product_id = $1 order by id offset 1',
    [id],
  );
  const events = await db.sql<{ type: string }>(
    'select type from product_events where user_id = $1 and number > $2 order by number',
    [seller.userId, ledger!.last],
  );
  const items = await db.sql<{ phase: 'processing' | 'publishing'; attempts: number }>(
    'select phase, attempts from work_items where product_id = $1',
    [id],
  );
  const leases = await db.sql('select state from work_leases where product_id = $1', [id]);
  const declared = writesOf(edge);
  expect(history).toEqual([{ event: declared.history }]);
  const written: Writes = {
    columns: columnsWritten(old, await productRow(id), name) as Writes['columns'],
    history: declared.history,
    events: events.map(({ type }) => type),
    // an item with attempts would be the old one
    queue: { leaves: declared.queue.leaves, enters: items.find(({ attempts }) => attempts === 0)?.phase ?? null },
    endsLeases: leases.length > 0 && leases.every(({ state }) => state === 'lost'),
  };
  const emptied = Object.entries(declared.columns).filter(
    ([column, value]) => value !== 'null' || old[column] !== null,
  );
  expect(written).toEqual({ ...declared, columns: Object.fromEntries(emptied) });
  expect(items.filter(({ attempts }) => attempts > 0)).toEqual([]);
});
