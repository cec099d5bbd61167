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

async function grantUse(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`
      grant usage on schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant select, insert, update, delete on all tables in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant usage on all sequences in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};
      grant execute on all functions in schema ${JOBS_SCHEMA} to ${APPLICATION_ROLE};`);
  } finally {
    await client.end();
  }
}
