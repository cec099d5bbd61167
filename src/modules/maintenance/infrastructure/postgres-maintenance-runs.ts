import { and, desc, eq, gt, isNotNull, notExists, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { InTransaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { maintenanceRuns } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { BegunRun, Counts, MaintenanceRuns, Outcome, RecordedRun, Task } from '../domain/maintenance-run';

/** What a longer dead run had seen is worth nothing any more. */
const TAKEN_UP_FOR = sql`interval '7 days'`;

export function postgresMaintenanceRuns(orm: Orm, inTransaction: InTransaction): MaintenanceRuns {
  return {
    async begin(task, dryRun, takeUp, isOfRounds = false) {
      return await inTransaction(async (tx) => {
        const query = ormOf(tx);
        const earlier = await lastCutShort(query, task, isOfRounds);
        const takenUp = earlier?.cursor && takeUp(earlier.cursor) ? earlier : null;
        const from = { counts: takenUp?.counts ?? {}, cursor: takenUp?.cursor ?? null };
        await query
          .update(maintenanceRuns)
          .set({ cursor: null })
          .where(and(eq(maintenanceRuns.task, task), isNotNull(maintenanceRuns.cursor)));
        const [row] = await query
          .insert(maintenanceRuns)
          .values({ task, dryRun, ...from, findingsRunId: takenUp?.findingsRunId ?? null })
          .returning({ id: maintenanceRuns.id });
        if (!row) throw new Error('the run was not written down');
        return { id: row.id, ...from, findingsRunId: takenUp?.findingsRunId ?? row.id };
      });
    },

    async save(id, counts, cursor) {
      await orm.update(maintenanceRuns).set({ counts, cursor }).where(eq(maintenanceRuns.id, id));
    },

    async end(id, outcome, counts, error, keepsCursor = false) {
      const cursor = outcome === 'ok' && !keepsCursor ? { cursor: null } : {};
      await orm
        .update(maintenanceRuns)
        // not before its start: the clock of the database may have been set back
        .set({ outcome, counts, error, endedAt: sql`greatest(now(), ${maintenanceRuns.startedAt})`, ...cursor })
        .where(eq(maintenanceRuns.id, id));
    },

    async lastEnded() {
      const ids = await read(() =>
        orm.execute<{ id: string }>(sql`
          with recursive t as (
            (select task from ${maintenanceRuns} order by task limit 1)
            union all
            select (select task from ${maintenanceRuns} where task > t.task order by task limit 1) from t where t.task is not null
          )
          select last.id from t
          cross join (values ('ok'), ('failed'), ('stopped')) o (outcome)
          cross join lateral (
            select id from ${maintenanceRuns}
            where task = t.task and outcome = o.outcome and not dry_run order by started_at desc, id desc limit 1
          ) last`),
      );
      if (ids.rows.length === 0) return [];
      const list = sql.join(
        ids.rows.map(({ id }) => sql`${id}`),
        sql`, `,
      );
      const rows = await orm.select().from(maintenanceRuns).where(sql`${maintenanceRuns.id} in (${list})`);
      return rows.map(recordedRun);
    },

    async recent(task, limit) {
      const rows = await orm
        .select()
        .from(maintenanceRuns)
        .where(task === null ? undefined : eq(maintenanceRuns.task, task))
        .orderBy(desc(maintenanceRuns.id))
        .limit(limit);
      return rows.map(recordedRun);
    },

    async last(task) {
      const [row] = await orm
        .select()
        .from(maintenanceRuns)
        .where(eq(maintenanceRuns.task, task))
        .orderBy(desc(maintenanceRuns.startedAt), desc(maintenanceRuns.id))
        .limit(1);
      return row ? recordedRun(row) : null;
    },
  };
}

async function lastCutShort(orm: Orm, task: Task, isOfRounds: boolean): Promise<BegunRun | null> {
  const later = alias(maintenanceRuns, 'later');
  const endedWell = orm
    .select({ id: later.id })
    .from(later)
    .where(and(eq(later.task, task), eq(later.outcome, 'ok'), gt(later.id, maintenanceRuns.id)));
  const [row] = await orm
    .select()
    .from(maintenanceRuns)
    .where(
      and(
        eq(maintenanceRuns.task, task),
        isNotNull(maintenanceRuns.cursor),
        isOfRounds ? undefined : and(sql`${maintenanceRuns.startedAt} > now() - ${TAKEN_UP_FOR}`, notExists(endedWell)),
      ),
    )
    .orderBy(desc(maintenanceRuns.startedAt), desc(maintenanceRuns.id))
    .limit(1);
  return row ? { ...recordedRun(row), cursor: row.cursor } : null;
}

function recordedRun({ cursor, ...row }: typeof maintenanceRuns.$inferSelect): RecordedRun {
  return {
    ...row,
    findingsRunId: row.findingsRunId ?? row.id,
    task: row.task as Task,
    outcome: row.outcome as Outcome | null,
    counts: row.counts as Counts,
  };
}
