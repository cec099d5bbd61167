import { and, eq, sql } from 'drizzle-orm';
import type { Orm } from '../../../../platform/database/database';
import { read } from '../../../../platform/database/read';
import { workItems } from '../../../../platform/database/schema';
import { ormOf } from '../../../../platform/database/transaction';
import type { WorkPhase } from '../../domain/work/lease';
import type { WorkQueue } from '../../domain/work/ports';
import { claim } from './claim';
import { lockSpent, putBack } from './put-back';
import type { StoredUrls } from './stored-url';

export function postgresWorkQueue(orm: Orm, urls: StoredUrls): WorkQueue {
  return {
    claim: (tx, worker, request) => claim(urls, tx, worker, request),
    hasDue: (phase) => read(() => hasDue(orm, phase)),
    putBack,
    lockSpent,

    async postpone(tx, id, seconds) {
      const [row] = await ormOf(tx)
        .update(workItems)
        .set({ state: 'waiting', dueAt: sql`clock_timestamp() + make_interval(secs => ${seconds})` })
        .where(and(eq(workItems.productId, id), eq(workItems.state, 'leased')))
        .returning({ dueAt: workItems.dueAt });
      if (!row?.dueAt) throw new Error('a product with a live lease is not with a worker');
      return row.dueAt;
    },

    async lengths() {
      const { rows } = await orm.execute<{ phase: WorkPhase; state: string; items: number }>(
        sql`select phase, state, count(*)::int as items from ${workItems} group by phase, state`,
      );
      return rows;
    },
  };
}

async function hasDue(orm: Orm, phase: WorkPhase): Promise<boolean> {
  const { rows } = await orm.execute<{ due: boolean }>(sql`
    select exists (
      select 1 from ${workItems} where phase = ${phase} and state <> 'queued' and due_at <= now()) as due`);
  return rows[0]?.due ?? false;
}
