/**
 * A schema of its own, there from before the first row until after the last object of a restore: whatever was migrated to whichever
 * version by then, nobody serves from a database that has it.
 */
export const RESTORE_SCHEMA = 'intellipost_restore';

/**
 * The advisory lock that a restore holds in the database that it fills, from before it looks until its end. Any number will do, so long
 * as nothing else in the database uses it.
 */
export const RESTORE_LOCK = 7_112_027;

type Query = (sql: string) => Promise<{ rows: unknown[] }>;

/** Asked of the catalogue, which every role may read. */
export async function isRestoreUnderWay(query: Query): Promise<boolean> {
  const { rows } = await query(`select 1 from pg_catalog.pg_namespace where nspname = '${RESTORE_SCHEMA}'`);
  return rows.length > 0;
}

/** Whether a restore is at work in this very moment, also one that has written nothing yet. */
export async function isRestoreAtWork(query: Query): Promise<boolean> {
  // given back with the statement's own transaction: a restore that begins meanwhile does not find it taken
  const { rows } = await query(`select pg_try_advisory_xact_lock_shared(${RESTORE_LOCK}) as free`);
  return !(rows[0] as { free: boolean }).free;
}
