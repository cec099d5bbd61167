import { Client } from 'pg';
import { PgBoss } from 'pg-boss';
import { APPLICATION_ROLE } from '../database/database';
import { QUEUES } from './queues';

export const JOBS_SCHEMA = 'pgboss';

/** pg-boss's tables and our queues, made by the owner; the application's role may use them and alter nothing. */
export async function installJobs(ownerUrl: string): Promise<void> {
  const boss = new PgBoss({
    connectionString: ownerUrl,
    schema: JOBS_SCHEMA,
    supervise: false,
    schedule: false,
    max: 2,
  });
  try {
    await boss.start();
    for (const [name, { policy, ...options }] of Object.entries(QUEUES)) {
      if (await boss.getQueue(name)) await boss.updateQueue(name, options);
      else await boss.createQueue(name, { policy, ...options });
    }
  } finally {
    await boss.stop({ graceful: false });
  }
  await grantUse(ownerUrl);
}

/**
 * `bam` holds SQL that pg-boss runs as whoever starts it with migrations: as the owner, here above. `version` says which of them are
 * still to be run, and what they run names the tables of queues as `queue` has them. Whoever may write there as he likes is the owner.
 */
const WITHOUT_COMMANDS = `
  revoke insert, update, delete on ${JOBS_SCHEMA}.bam, ${JOBS_SCHEMA}.version from ${APPLICATION_ROLE};
  grant update (cron_on, flow_on, reindex_on, monitor_backoff_on) on ${JOBS_SCHEMA}.version to ${APPLICATION_ROLE};
  do $$ begin
    if not exists (select from pg_constraint where conname = 'queue_table_name_is_plain') then
      alter table ${JOBS_SCHEMA}.queue add constraint queue_table_name_is_plain check (table_name ~ '^[a-z0-9_]+$');
    end if;
  end $$;`;

async function grantUse(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`
      grant usage on schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant select, insert, update, delete on all tables in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant usage on all sequences in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant execute on all functions in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      ${WITHOUT_COMMANDS}`);
  } finally {
    await client.end();
  }
}
