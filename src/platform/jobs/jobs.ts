import { PgBoss } from 'pg-boss';
import type { Log } from '../../kernel/log';
import type { Database } from '../database/database';
import { JOBS_SCHEMA } from './install';
import type { QueueName } from './queues';

export interface ScheduledWork {
  readonly queue: QueueName;
  /** Cron expression in UTC, or `off`. */
  readonly cron: string;
  readonly work: () => Promise<unknown>;
}

export interface Jobs {
  stop(): Promise<void>;
}

/**
 * Runs scheduled work over all instances, one at a time per queue, on the application's own connections: pg-boss's tables were
 * made by the migration, and this role could not alter them.
 */
export async function startJobs(database: Database, schedules: readonly ScheduledWork[], log: Log): Promise<Jobs> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => database.query(text, values) },
    schema: JOBS_SCHEMA,
    migrate: false,
    createSchema: false,
    reindex: false, // needs the owner
    monitorVacuum: false,
    // how soon a job whose heartbeat has ended makes room for the next
    superviseIntervalSeconds: 20,
    monitorIntervalSeconds: 20,
  });
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error and goes on'));
  await boss.start();
  for (const { queue, cron, work } of schedules) {
    if (cron === 'off') {
      await boss.unschedule(queue);
      continue;
    }
    await boss.schedule(queue, cron, null, { tz: 'UTC' });
    await boss.work(queue, { pollingIntervalSeconds: 5 }, work);
  }
  return { stop: () => boss.stop({ graceful: true, timeout: 10_000 }) };
}
