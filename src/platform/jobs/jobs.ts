import { PgBoss } from 'pg-boss';
import type { Log } from '../../kernel/log';
import { seldom } from '../../kernel/seldom';
import type { Database } from '../database/database';
import { pause } from '../pause';
import { JOBS_SCHEMA } from './install';
import type { QueueName } from './queues';

export interface ScheduledWork {
  readonly queue: QueueName;
  /** Cron expression in UTC, or `off`. */
  readonly cron: string;
  /** Also once at the start, in the background; not where it is `off`. */
  readonly atStart?: true;
  readonly work: () => Promise<unknown>;
}

/** Work that others queue, one job after the other. */
export interface QueuedWork {
  readonly queue: QueueName;
  /** Jobs of this process at once; 0: it takes none. */
  readonly concurrency: number;
  /** @param data what the job was queued with. When it throws, the job is queued again, later each time */
  readonly work: (data: unknown) => Promise<unknown>;
}

export interface Jobs {
  /** Something was queued: this process looks for it now, not when it would have. */
  wake(queue: QueueName): void;
  stop(): Promise<void>;
}

/** How long the end waits for work that is under way: first pg-boss, then we for what is scheduled, which writes down how it ended. */
const STOP_LIMITS = { queueMs: 10_000, scheduledMs: 30_000 };

/** How soon a process finds what another has queued. */
const LOOKS_EVERY_SECONDS = 1;

/**
 * Runs scheduled work over all instances, one at a time per queue, on the application's own connections: pg-boss's tables were
 * made by the migration, and this role could not alter them.
 */
export async function startJobs(
  database: Database,
  schedules: readonly ScheduledWork[],
  queued: readonly QueuedWork[],
  log: Log,
  limits = STOP_LIMITS,
): Promise<Jobs> {
  const boss = jobQueue(database);
  // every worker meets the same outage once a second
  boss.on(
    'error',
    seldom(10_000, (error) => log.warn({ err: error }, 'the job queue met an error and goes on')),
  );
  await boss.start();
  const running = new Set<Promise<unknown>>();
  for (const { queue, cron, work } of schedules) {
    if (cron === 'off') {
      await boss.unschedule(queue);
      continue;
    }
    await boss.schedule(queue, cron, null, { tz: 'UTC' });
    await boss.work(queue, { pollingIntervalSeconds: 5 }, () => among(running, work()));
  }
  const workers = new Map<QueueName, string[]>();
  const wake = (queue: QueueName) => {
    for (const worker of workers.get(queue) ?? []) boss.notifyWorker(worker);
  };
  for (const one of queued) workers.set(one.queue, await startWorkers(boss, one, () => wake(one.queue)));
  // behind all that may fail: whoever could not start closes the database
  for (const { queue, work } of schedules.filter(({ atStart, cron }) => atStart && cron !== 'off'))
    among(running, work()).catch((err) => log.error({ err, queue }, 'what was to be done at the start failed'));
  return {
    wake,
    async stop() {
      await boss.stop({ graceful: true, timeout: limits.queueMs });
      // the database is closed after this: what has been told to stop, and is slow to, must still find it
      await settledWithin(limits.scheduledMs, running);
    },
  };
}

async function settledWithin(ms: number, running: ReadonlySet<Promise<unknown>>): Promise<void> {
  const settled = new AbortController();
  const all = Promise.allSettled(running).then(() => settled.abort());
  await Promise.race([all, pause(ms, settled.signal)]);
}

async function among<Result>(running: Set<Promise<unknown>>, work: Promise<Result>): Promise<Result> {
  running.add(work);
  try {
    return await work;
  } finally {
    running.delete(work);
  }
}

function jobQueue(database: Database): PgBoss {
  return new PgBoss({
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
}

/** @param onEnd called before each job counts as done: pg-boss would rest after each, though more may be waiting */
async function startWorkers(boss: PgBoss, { queue, concurrency, work }: QueuedWork, onEnd: () => void) {
  const options = { pollingIntervalSeconds: LOOKS_EVERY_SECONDS };
  const ids: string[] = [];
  while (ids.length < concurrency) {
    ids.push(
      await boss.work(queue, options, async ([job]) => {
        try {
          if (job) await work(job.data);
        } finally {
          onEnd();
        }
      }),
    );
  }
  return ids;
}
