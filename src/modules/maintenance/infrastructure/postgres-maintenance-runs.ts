import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { InTransaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { auditFindings, maintenanceRuns } from '../../../platform/database/schema';
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
        const from = takenUp ? { counts: takenUp.counts, cursor: takenUp.cursor } : { counts: {}, cursor: null };
        const [row] = await query
          .insert(maintenanceRuns)
          .values({ task, dryRun, ...from })
          .returning({ id: maintenanceRuns.id });
        if (!row) throw new Error('the run was not written down');
        if (takenUp) await moveFindings(query, takenUp.id, row.id);
        return { id: row.id, ...from };
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
          select last.id from (select distinct task from ${maintenanceRuns}) t
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
  const [row] = await orm
    .select({ id: maintenanceRuns.id, counts: maintenanceRuns.counts, cursor: maintenanceRuns.cursor })
    .from(maintenanceRuns)
    .where(
      and(
        eq(maintenanceRuns.task, task),
        isNotNull(maintenanceRuns.cursor),
        isOfRounds ? undefined : sql`${maintenanceRuns.startedAt} > now() - ${TAKEN_UP_FOR}`,
      ),
    )
    .orderBy(desc(maintenanceRuns.startedAt), desc(maintenanceRuns.id))
    .limit(1);
  return row ? { ...row, counts: row.counts as Counts } : null;
}

async function moveFindings(orm: Orm, from: number, to: number): Promise<void> {
  await orm.update(auditFindings).set({ runId: to }).where(eq(auditFindings.runId, from));
  await orm.update(maintenanceRuns).set({ cursor: null }).where(eq(maintenanceRuns.id, from));
}

function recordedRun({ cursor, ...row }: typeof maintenanceRuns.$inferSelect): RecordedRun {
  return { ...row, task: row.task as Task, outcome: row.outcome as Outcome | null, counts: row.counts as Counts };
}
