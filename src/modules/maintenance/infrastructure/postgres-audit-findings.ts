import { and, asc, desc, eq, isNotNull, ne, or, sql } from 'drizzle-orm';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Orm } from '../../../platform/database/database';
import { maintenanceRuns, auditFindings as table } from '../../../platform/database/schema';
import type { AuditFindings, Finding, FindingDetails, FindingKind, FindingState } from '../domain/audit';

export function postgresAuditFindings(orm: Orm): AuditFindings {
  const pageOf = async (run: number, after: ObjectKey | null, limit: number, state?: FindingState) => {
    const rows = await orm
      .select()
      .from(table)
      .where(
        and(
          eq(table.runId, run),
          state && eq(table.state, state),
          after === null ? undefined : sql`${table.key} collate "C" > ${after} collate "C"`,
        ),
      )
      .orderBy(asc(sql`${table.key} collate "C"`))
      .limit(limit);
    return rows.map(finding);
  };
  return {
    async add(runId, findings) {
      if (findings.length === 0) return;
      await orm
        .insert(table)
        .values(findings.map((found) => ({ runId, ...found })))
        .onConflictDoNothing();
    },

    open: (run, after, limit) => pageOf(run, after, limit, 'found'),

    page: (run, after, limit) => pageOf(run, after, limit),

    async settle(run, key, state, why) {
      const details = why === undefined ? {} : { details: sql`${table.details} || ${JSON.stringify({ why })}::jsonb` };
      await orm
        .update(table)
        .set({ state, ...details })
        .where(and(eq(table.runId, run), eq(table.key, key)));
    },

    async lastRun() {
      const { id, findingsRunId: earlier } = maintenanceRuns;
      const findingsRunId = sql<number>`coalesce(${earlier}, ${id})`.mapWith(Number);
      const hasSome = sql`exists (select from ${table} where ${table.runId} = ${findingsRunId})`;
      const [row] = await orm
        .select({ id: maintenanceRuns.id, findingsRunId })
        .from(maintenanceRuns)
        .where(
          and(
            eq(maintenanceRuns.task, 'audit'),
            isNotNull(maintenanceRuns.endedAt),
            or(eq(maintenanceRuns.outcome, 'ok'), hasSome),
          ),
        )
        .orderBy(desc(maintenanceRuns.startedAt), desc(maintenanceRuns.id))
        .limit(1);
      return row ?? null;
    },

    countWrong: (run) =>
      orm.$count(table, and(eq(table.runId, run), ne(table.kind, 'orphan'), eq(table.state, 'found'))),

    async countOrphans(run, before) {
      const modified = sql`(${table.details} ->> 'last_modified')::timestamptz`;
      return await orm.$count(
        table,
        and(
          eq(table.runId, run),
          eq(table.kind, 'orphan'),
          eq(table.state, 'found'),
          sql`${modified} <= ${before.toISOString()}::timestamptz`,
        ),
      );
    },
  };
}

function finding({ key, kind, details, state }: typeof table.$inferSelect): Finding & { state: FindingState } {
  return {
    key: key as ObjectKey,
    kind: kind as FindingKind,
    details: details as FindingDetails,
    state: state as FindingState,
  };
}
