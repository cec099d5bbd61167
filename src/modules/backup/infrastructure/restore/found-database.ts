import type { Client } from 'pg';
import { type OwnObjects, ownObjects } from '../../../../platform/database/own-objects';
import { isRestoreUnderWay } from '../../../../platform/database/restore-marker';
import { JOBS_SCHEMA } from '../../../../platform/jobs/install';
import type { FoundDatabase } from '../../domain/restore';
import { readMarker } from './marker';

/** Every drizzle project has it, under this very name. */
const MIGRATIONS = 'drizzle.__drizzle_migrations';
/**
 * What is of worth belongs to an account. Without one there may still be deletions that somebody waits for, and objects in quarantine
 * that nothing else names.
 */
const OF_WORTH = ['users', 'intents', 'quarantined_objects'];
/** What belongs to an extension is nobody's. */
export const NOT_OF_AN_EXTENSION = `not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype = 'e')`;

export async function foundDatabase(client: Client): Promise<FoundDatabase> {
  if (await isRestoreUnderWay((sql) => client.query(sql))) return await readMarker(client);
  const what = await strangersIn(client, ownObjects());
  if (what.length > 0) return { is: 'foreign', what };
  return { is: (await hasWorth(client)) ? 'filled' : 'empty' };
}

/** What a restore would throw away, and our migrations have not made: of another software, or of a newer version of this one. */
async function strangersIn(client: Client, own: OwnObjects): Promise<string[]> {
  const hashes = await migrationsIn(client);
  const isOurs = hashes.length > 0 && hashes.every((hash) => own.hashes.has(hash ?? ''));
  const { rows } = await client.query<{ is: 'table' | 'function'; name: string }>(`
    select 'table' as is, relname::text as name from pg_class o
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and ${NOT_OF_AN_EXTENSION}
    union all
    select 'function', proname::text from pg_proc o where pronamespace = 'public'::regnamespace and ${NOT_OF_AN_EXTENSION}
    order by 1 desc, 2`);
  const strange = rows.filter(({ is, name }) => !isOurs || !(is === 'table' ? own.tables : own.functions).has(name));
  const schemas = isOurs ? [] : await schemasThere(client);
  return [
    ...(hashes.length > 0 && !isOurs ? [MIGRATIONS] : []),
    ...strange.map(({ is, name }) => `${is} public.${name}`),
    ...schemas,
  ];
}

/** By their hashes; null where the table has another form than ours. */
async function migrationsIn(client: Client): Promise<(string | null)[]> {
  if (!(await isThere(client, MIGRATIONS))) return [];
  const { rows } = await client.query<{ hash: string | null }>(
    `select to_jsonb(m) ->> 'hash' as hash from ${MIGRATIONS} m`,
  );
  return rows.map(({ hash }) => hash);
}

/** pg-boss's, of whichever software. */
async function schemasThere(client: Client): Promise<string[]> {
  const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [JOBS_SCHEMA]);
  return rows.length > 0 ? [`schema ${JOBS_SCHEMA}`] : [];
}

async function hasWorth(client: Client): Promise<boolean> {
  for (const table of OF_WORTH) {
    if (!(await isThere(client, `public.${table}`))) continue;
    const { rows } = await client.query(`select 1 from public.${table} limit 1`);
    if (rows.length > 0) return true;
  }
  return false;
}

async function isThere(client: Client, relation: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [relation]);
  return rows[0]?.there === true;
}
