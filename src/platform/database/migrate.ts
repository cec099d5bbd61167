import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { installJobs } from '../jobs/install';
import { enqueueMissingPrepares } from '../jobs/prepare-jobs';
import { APPLICATION_ROLE } from './database';
import { isRestoreAtWork, isRestoreUnderWay } from './restore-marker';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../drizzle', import.meta.url));

/** Any number will do, so long as nothing else in the database uses it. */
const ADVISORY_LOCK = 7_112_026;

const UNKNOWN_VERSION =
  'This version of the software does not know that schema: it was made by a newer one, or by another software.';

/** drizzle-kit's list of its migrations. */
interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

export type SchemaState = 'current' | 'outdated' | 'newer';

export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

const HALF_RESTORED =
  'A restore into this database has begun and not ended. Repeat `bun run cli backup restore` with the same backup: it goes on where it was.';

const AT_WORK =
  'A restore is at work in this database: wait for its end, or stop it and repeat it (`bun run cli backup restore`).';

/** Compares the newest migration that was applied with the newest that this code brings. */
export async function schemaState(query: (sql: string) => Promise<{ rows: unknown[] }>): Promise<SchemaState> {
  const { rows } = await query(`select to_regclass('drizzle.__drizzle_migrations') is not null as present`);
  if (!(rows[0] as { present: boolean }).present) return 'outdated';
  const newest = await query('select max(created_at)::text as at from drizzle.__drizzle_migrations');
  const applied = Number((newest.rows[0] as { at: string | null }).at ?? 0);
  const ours = Math.max(...knownSchemaVersions());
  if (applied === ours) return 'current';
  return applied > ours ? 'newer' : 'outdated';
}

/**
 * Brings the database to this code's schema, one migrator at a time over all instances. Run as the role that owns the tables.
 * @param isRestoring by the restore itself, before its end
 * @throws SchemaMismatch when the database was migrated by newer code, or holds half of a backup, or is about to
 */
export async function migrate(ownerUrl: string, isRestoring = false): Promise<void> {
  const client = new Client({
    connectionString: ownerUrl,
    application_name: 'intellipost migrate',
    lock_timeout: 60_000,
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    if (!isRestoring) await refuseBesideRestore((sql) => client.query(sql));
    if ((await schemaState((sql) => client.query(sql))) === 'newer') throw newerThanCode();
    await applyMigrations(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER });
    await installJobs(ownerUrl);
    await enqueueMissingPrepares((text, values) => client.query(text, values));
    await client.query(`grant usage on schema drizzle to ${APPLICATION_ROLE}`);
    await client.query(`grant select on drizzle.__drizzle_migrations to ${APPLICATION_ROLE}`);
  } finally {
    await client.end();
  }
}

/** The migrations of this code, the oldest first; a schema version is the time of the last one that was applied. */
export function knownSchemaVersions(): number[] {
  return readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map((file) => file.folderMillis);
}

/**
 * Brings an empty database to an earlier schema: what was written under that one can be loaded, and then migrated on.
 * @throws SchemaMismatch when this code does not know that version
 */
export async function migrateUpTo(ownerUrl: string, version: number): Promise<void> {
  if (!knownSchemaVersions().includes(version)) throw new SchemaMismatch(UNKNOWN_VERSION);
  const client = new Client({ connectionString: ownerUrl, application_name: 'intellipost migrate' });
  await client.connect();
  const folder = await migrationsUpTo(version);
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
  } finally {
    await client.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The migrator applies all that its folder names: so a folder that names no more. */
async function migrationsUpTo(version: number): Promise<string> {
  const journal = (await Bun.file(join(MIGRATIONS_FOLDER, 'meta/_journal.json')).json()) as Journal;
  const entries = journal.entries.filter(({ when }) => when <= version);
  const folder = await mkdtemp(join(tmpdir(), 'intellipost-migrations-'));
  await Bun.write(join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
  for (const { tag } of entries) await copyFile(join(MIGRATIONS_FOLDER, `${tag}.sql`), join(folder, `${tag}.sql`));
  return folder;
}

/** For a start that must not migrate. @throws SchemaMismatch */
export async function requireCurrentSchema(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl, application_name: 'intellipost' });
  await client.connect();
  try {
    await refuseBesideRestore((sql) => client.query(sql));
    const state = await schemaState((sql) => client.query(sql));
    if (state === 'newer') throw newerThanCode();
    if (state === 'outdated') {
      throw new SchemaMismatch(
        'The database lacks migrations: run `bun run cli migrate`, or set MIGRATE_ON_START=true.',
      );
    }
  } finally {
    await client.end();
  }
}

/**
 * For whoever begins to work here: also before a restore has written that it is under way. Asked by a server on a connection of its own
 * pool, which then stays: a restore that does not see that connection holds its lock already. @throws SchemaMismatch
 */
export async function refuseBesideRestore(query: (sql: string) => Promise<{ rows: unknown[] }>): Promise<void> {
  await refuseHalfRestored(query);
  if (await isRestoreAtWork(query)) throw new SchemaMismatch(AT_WORK);
}

/** @throws SchemaMismatch */
export async function refuseHalfRestored(query: (sql: string) => Promise<{ rows: unknown[] }>): Promise<void> {
  if (await isRestoreUnderWay(query)) throw new SchemaMismatch(HALF_RESTORED);
}

function newerThanCode(): SchemaMismatch {
  return new SchemaMismatch('The database was migrated by a newer version of this software: start that version.');
}
