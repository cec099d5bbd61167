import type { Client } from 'pg';
import { migrate, migrateUpTo } from '../../../../platform/database/migrate';
import { RESTORE_SCHEMA } from '../../../../platform/database/restore-marker';
import { JOBS_SCHEMA } from '../../../../platform/jobs/install';
import type { RestoredDatabase } from '../../domain/restore';
import { finishRestore, putRight } from './after-restore';
import { alone } from './alone';
import { foundDatabase, NOT_OF_AN_EXTENSION } from './found-database';
import { loadTables, setSequences } from './load-tables';
import { changeMarker, dropMarker, lockMarker, requireMarker, writeMarker } from './marker';
import { asOwner, inOneTransaction } from './owner-connection';

/**
 * @param ownerUrl of the role that owns the tables: it may switch its triggers off, and needs to be no superuser
 * @param ownConnections how many connections this process has to it: they are no server's
 */
export function restoredDatabase(ownerUrl: string, ownConnections: () => number): RestoredDatabase {
  const inTransaction = <Result>(work: (client: Client) => Promise<Result>) =>
    asOwner(ownerUrl, (client) => inOneTransaction(client, () => work(client)));
  return {
    alone: (work) => alone(ownerUrl, ownConnections, work),
    find: () => asOwner(ownerUrl, foundDatabase),
    begin: (progress) =>
      inTransaction(async (client) => {
        await discard(client);
        await writeMarker(client, progress);
      }),
    goOn: (begun, run) =>
      inTransaction(async (client) => {
        await requireMarker(client, begun);
        await changeMarker(client, { run });
      }),
    abandon: (run, alsoGoes) =>
      inTransaction(async (client) => {
        if (!(await lockMarker(client, run))) return false;
        await alsoGoes();
        await discard(client);
        return true;
      }),
    async load(run, lastMigration, tables, sequences) {
      await migrateUpTo(ownerUrl, lastMigration);
      await inTransaction(async (client) => {
        await requireMarker(client, run);
        await loadTables(client, tables);
        await setSequences(client, sequences);
        await changeMarker(client, { phase: 'loaded' });
      });
      await asOwner(ownerUrl, (client) => client.query('analyze'));
    },
    migrateOn: () => migrate(ownerUrl, true),
    putRight: (reason) => alone(ownerUrl, ownConnections, () => inTransaction((client) => putRight(client, reason))),
    finish: (run, end) =>
      inTransaction(async (client) => {
        const { isRehearsal } = await requireMarker(client, run);
        await finishRestore(client, end);
        if (!isRehearsal) await dropMarker(client);
      }),
  };
}

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
