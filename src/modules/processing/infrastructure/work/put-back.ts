import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { ProductId } from '../../../../kernel/ids';
import type { Transaction } from '../../../../kernel/transaction';
import { products, workItems, workLeases, workTurns } from '../../../../platform/database/schema';
import { ormOf } from '../../../../platform/database/transaction';
import type { WorkPhase } from '../../domain/work/lease';
import type { SpentItem } from '../../domain/work/ports';

/** At a time: a claim must not wait long for what has become due all at once. */
const PAGE = 200;

type Due = { product_id: ProductId; state: string; attempts: number };

/** @see WorkQueue.putBack */
export async function putBack(tx: Transaction, phase: WorkPhase, maxAttempts: number) {
  const orm = ormOf(tx);
  const { rows: due } = await orm.execute<Due>(sql`
    select w.product_id, w.state, w.attempts
    from ${workItems} w join ${products} p on p.id = w.product_id
    where w.phase = ${phase} and w.state <> 'queued' and w.due_at <= now()
    order by w.due_at
    limit ${PAGE}
    for update of w skip locked for no key update of p skip locked`);
  const isSpent = ({ state, attempts }: Due) => state === 'leased' && attempts >= maxAttempts;
  const again = due.filter((item) => !isSpent(item));
  const expired = idsOf(again.filter(({ state }) => state === 'leased'));
  if (expired.length > 0) {
    await orm
      .update(workLeases)
      .set({ state: 'lost', endedAt: sql`now()` })
      .where(and(inArray(workLeases.productId, expired), eq(workLeases.state, 'live')));
  }
  if (again.length > 0) {
    await orm.execute(backIntoTheQueue(phase, idsOf(again)));
  }
  return { again: again.length, lost: expired.length, spent: idsOf(due.filter(isSpent)) };
}

/**
 * Into the present turn and the ones after it, one of a seller in each, behind those of it that came back before and wait still: else all
 * that a seller has coming back, after an outage of what workers rely on, would stand before another's first.
 */
function backIntoTheQueue(phase: WorkPhase, ids: readonly ProductId[]): SQL {
  return sql`
    with present as (
      select coalesce(
        (select min(turn) from ${workItems} where phase = ${phase} and state = 'queued'),
        (select max(last_turn) from ${workTurns} where phase = ${phase}), 0) as turn
    ), back as (
      select product_id, user_id, row_number() over (partition by user_id order by turn, queued_at, product_id) - 1 as later
      from ${workItems} where product_id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid)
    ), behind as (
      select user_id, greatest(present.turn, (
        select max(turn) + 1 from ${workItems} q
        where q.phase = ${phase} and q.user_id = seller.user_id and q.state = 'queued' and q.attempts > 0)) as turn
      from (select distinct user_id from back) as seller, present
    )
    update ${workItems} w set state = 'queued', due_at = null, turn = behind.turn + back.later
    from back join behind using (user_id) where w.product_id = back.product_id`;
}

/** @see WorkQueue.lockSpent */
export async function lockSpent(tx: Transaction, id: ProductId, maxAttempts: number): Promise<SpentItem | null> {
  const orm = ormOf(tx);
  const locked = await orm
    .select({ id: products.id })
    .from(products)
    .where(eq(products.id, id))
    .for('no key update', { skipLocked: true });
  if (locked.length === 0) return null;
  // A statement of its own: it sees what the transactions before this one have committed.
  const { rows } = await orm.execute<{ phase: WorkPhase; expiries: number }>(sql`
    select w.phase, (
      select count(*)::int from ${workLeases} l
      where l.product_id = w.product_id and l.created_at >= w.queued_at and l.state in ('live', 'lost')
    ) as expiries
    from ${workItems} w
    where w.product_id = ${id} and w.state = 'leased' and w.attempts >= ${maxAttempts} and w.due_at <= now()`);
  const [item] = rows;
  return item ? { productId: id, ...item } : null;
}

function idsOf(items: readonly Due[]): ProductId[] {
  return items.map(({ product_id }) => product_id);
}
