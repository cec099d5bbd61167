import { desc, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  char,
  check,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/pg-core';
import { instant } from './columns';

/** Every run of an upkeep task (sweep, audit, scrub, retention, …): when, how it ended, and what it did. */
export const maintenanceRuns = pgTable(
  'maintenance_runs',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    task: varchar('task', { length: 20 }).notNull(),
    startedAt: instant('started_at').notNull().defaultNow(),
    /** Null while it runs, and for ever where its process died. */
    endedAt: instant('ended_at'),
    outcome: varchar('outcome', { length: 10 }),
    dryRun: boolean('dry_run').notNull().default(false),
    /** Numbers by name: what was looked at, found, changed. */
    counts: jsonb('counts').notNull().default({}),
    /** Where the next run goes on. */
    cursor: text('cursor'),
    error: text('error'),
    /** Under which run its findings are, where it has taken up an earlier one's. */
    findingsRunId: bigint('findings_run_id', { mode: 'number' }).references((): AnyPgColumn => maintenanceRuns.id),
  },
  (table) => [
    check('maintenance_runs_outcome_check', sql`${table.outcome} in ('ok', 'failed', 'stopped')`),
    check('maintenance_runs_ended_at_check', sql`(${table.endedAt} is null) = (${table.outcome} is null)`),
    index('maintenance_runs_task_started_at_idx').on(table.task, desc(table.startedAt)),
    index('maintenance_runs_task_outcome_started_at_idx')
      .on(table.task, table.outcome, desc(table.startedAt), desc(table.id))
      .where(sql`not ${table.dryRun}`),
    index('maintenance_runs_task_cursor_idx')
      .on(table.task, desc(table.startedAt))
      .where(sql`${table.cursor} is not null`),
    index('maintenance_runs_findings_run_id_idx')
      .on(table.findingsRunId)
      .where(sql`${table.findingsRunId} is not null`),
  ],
);

/** Upkeep deletes nothing while this one row is there: told by an operator, or by a restore until somebody has looked. */
export const maintenanceHold = pgTable(
  'maintenance_hold',
  {
    isHeld: boolean('is_held').primaryKey().default(true),
    reason: text('reason').notNull(),
    heldAt: instant('held_at').notNull().defaultNow(),
  },
  (table) => [check('maintenance_hold_one_row_check', sql`${table.isHeld}`)],
);

/** Where store and database disagreed in a run of the audit, until the run has looked again and acted. */
export const auditFindings = pgTable(
  'audit_findings',
  {
    runId: bigint('run_id', { mode: 'number' })
      .notNull()
      .references(() => maintenanceRuns.id, { onDelete: 'cascade' }),
    key: varchar('key', { length: 1024 }).notNull(),
    kind: varchar('kind', { length: 12 }).notNull(),
    /** What was expected and what was there. */
    details: jsonb('details').notNull().default({}),
    state: varchar('state', { length: 12 }).notNull().default('found'),
    foundAt: instant('found_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.key] }),
    check('audit_findings_kind_check', sql`${table.kind} in ('orphan', 'missing', 'wrong_size', 'wrong_sha256')`),
    check('audit_findings_state_check', sql`${table.state} in ('found', 'cleared', 'quarantined', 'reported')`),
  ],
);

/**
 * An object that nothing names, moved out of the way and not deleted: written before the first byte is copied, so that a move cut
 * short is finished or taken back. No key is in it twice.
 */
export const quarantinedObjects = pgTable(
  'quarantined_objects',
  {
    key: varchar('key', { length: 1024 }).primaryKey(),
    quarantineKey: varchar('quarantine_key', { length: 1024 }).notNull(),
    fileSizeBytes: bigint('file_size_bytes', { mode: 'number' }).notNull(),
    sha256: char('sha256', { length: 64 }),
    /** moving: being copied away. held: only in quarantine. releasing: being copied back. released: also back. expiring: being deleted. */
    state: varchar('state', { length: 10 }).notNull().default('moving'),
    reason: text('reason').notNull(),
    /** Since when it has been in that state, or on its way there. */
    quarantinedAt: instant('quarantined_at').notNull().defaultNow(),
  },
  (table) => [
    check(
      'quarantined_objects_state_check',
      sql`${table.state} in ('moving', 'held', 'releasing', 'released', 'expiring')`,
    ),
    uniqueIndex('quarantined_objects_quarantine_key_idx').on(sql`${table.quarantineKey} collate "C"`),
    index('quarantined_objects_key_idx').on(sql`${table.key} collate "C"`),
    index('quarantined_objects_state_quarantined_at_idx').on(table.state, table.quarantinedAt),
  ],
);
