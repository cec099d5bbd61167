import type { Client } from 'pg';
import { migrate, migrateUpTo } from '../../../../platform/database/migrate';
import { isRestoreUnderWay, RESTORE_SCHEMA } from '../../../../platform/database/restore-marker';
import { JOBS_SCHEMA } from '../../../../platform/jobs/install';
import type { FoundDatabase, Progress, RestoredDatabase } from '../../domain/restore';
import { finishRestore, putRight } from './after-restore';
import { loadTables, setSequences } from './load-tables';
import { asOwner, inOneTransaction } from './owner-connection';

const MARKER = `${RESTORE_SCHEMA}.under_way`;

/** @param ownerUrl of the role that owns the tables: it may switch its triggers off, and needs to be no superuser */
export function restoredDatabase(ownerUrl: string): RestoredDatabase {
  return {
    find: () => asOwner(ownerUrl, found),
    isInUse: () => asOwner(ownerUrl, isInUse),
    begin: (progress) =>
      asOwner(ownerUrl, (client) =>
        inOneTransaction(client, async () => {
          await discard(client);
          await writeDown(client, progress);
        }),
      ),
    abandon: () => asOwner(ownerUrl, (client) => inOneTransaction(client, () => discard(client))),
    async load(lastMigration, tables, sequences) {
      await migrateUpTo(ownerUrl, lastMigration);
      await asOwner(ownerUrl, async (client) => {
        await inOneTransaction(client, async () => {
          await loadTables(client, tables);
          await setSequences(client, sequences);
          await client.query(`update ${MARKER} set phase = 'loaded'`);
        });
        await client.query('analyze');
      });
    },
    migrateOn: () => migrate(ownerUrl, true),
    putRight: (reason) => asOwner(ownerUrl, (client) => inOneTransaction(client, () => putRight(client, reason))),
    finish: (end) => asOwner(ownerUrl, (client) => inOneTransaction(client, () => finishRestore(client, end))),
  };
}

async function found(client: Client): Promise<FoundDatabase> {
  if (await isRestoreUnderWay((sql) => client.query(sql))) return await halfRestored(client);
  if (!(await isThere(client, 'drizzle.__drizzle_migrations'))) {
    const { rows } = await client.query(`
      select 1 from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') limit 1`);
    return { is: rows.length > 0 ? 'foreign' : 'empty' };
  }
  // everything that is of worth belongs to an account
  const { rows } = (await isThere(client, 'public.users'))
    ? await client.query('select 1 from users limit 1')
    : { rows: [] };
  return { is: rows.length > 0 ? 'filled' : 'empty' };
}

async function halfRestored(client: Client): Promise<FoundDatabase> {
  const { rows } = await client.query<Progress>(`
    select backup_id as "backupId", phase, bucket_was_empty as "bucketWasEmpty" from ${MARKER}`);
  const [progress] = rows;
  if (!progress) throw new Error('the marker of a restore is empty');
  return { is: 'half-restored', ...progress };
}

async function isThere(client: Client, relation: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [relation]);
  return rows[0]?.there === true;
}

async function isInUse(client: Client): Promise<boolean> {
  const { rows } = await client.query(`
    select 1 from pg_stat_activity
    where datname = current_database() and application_name in ('intellipost', 'intellipost-events') limit 1`);
  return rows.length > 0;
}

async function writeDown(client: Client, { backupId, phase, bucketWasEmpty }: Progress): Promise<void> {
  await client.query(`
    create schema ${RESTORE_SCHEMA};
    create table ${MARKER} (backup_id uuid, phase text, bucket_was_empty boolean, started_at timestamptz default now())`);
  await client.query(`insert into ${MARKER} values ($1, $2, $3)`, [backupId, phase, bucketWasEmpty]);
}

/** What belongs to an extension is not ours. */
const NOT_OF_AN_EXTENSION = `not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype = 'e')`;

async function discard(client: Client): Promise<void> {
  await client.query(`
    drop schema if exists ${RESTORE_SCHEMA}, ${JOBS_SCHEMA}, drizzle cascade;
    do $$ declare it text; begin
      for it in select oid::regclass from pg_class o
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and ${NOT_OF_AN_EXTENSION}
      loop execute 'drop table if exists ' || it || ' cascade'; end loop;
      for it in select oid::regprocedure from pg_proc o
        where pronamespace = 'public'::regnamespace and prokind = 'f' and ${NOT_OF_AN_EXTENSION}
      loop execute 'drop function if exists ' || it || ' cascade'; end loop;
    end $$`);
}
