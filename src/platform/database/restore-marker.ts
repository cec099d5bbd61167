/**
 * A schema of its own, there from before the first row until after the last object of a restore: whatever was migrated to whichever
 * version by then, nobody serves from a database that has it.
 */
export const RESTORE_SCHEMA = 'intellipost_restore';

type Query = (sql: string) => Promise<{ rows: unknown[] }>;

/** Asked of the catalogue, which every role may read. */
export async function isRestoreUnderWay(query: Query): Promise<boolean> {
  const { rows } = await query(`select 1 from pg_catalog.pg_namespace where nspname = '${RESTORE_SCHEMA}'`);
  return rows.length > 0;
}
