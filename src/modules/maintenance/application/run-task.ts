import type { Log } from '../../../kernel/log';
import { type MaintenanceHold, MaintenanceOnHold } from '../domain/maintenance-hold';
import {
  type BegunRun,
  type Counts,
  HELD_TASKS,
  type MaintenanceRuns,
  type Outcome,
  type Task,
  TaskIsRunning,
  type TaskLock,
  type TaskLocks,
  type TaskReport,
  type TaskRun,
} from '../domain/maintenance-run';
import { untilHeld } from './until-held';

export interface RunTaskDeps {
  readonly runs: MaintenanceRuns;
  readonly locks: TaskLocks;
  readonly holds: Pick<MaintenanceHold, 'current'>;
  readonly log: Log;
}

export interface TaskOptions {
  readonly dryRun: boolean;
  /** Tells it to stop: at a server's shutdown, or by Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Whether to go on where an earlier run was cut short, by its cursor. By default never. */
  readonly takeUp?: (cursor: string) => boolean;
  /** Every run goes on where the last one ended, well or not, with counts of its own: the cursor that it saves last outlives it. */
  readonly rounds?: boolean;
}

export type RunTask = ReturnType<typeof runTask>;

/**
 * Runs a task of upkeep: once at a time over all instances, and written down from its beginning to its end, so that a run which died
 * is seen. What has ended is also in /metrics (`maintenance_…`), from the same table.
 * @throws TaskIsRunning, MaintenanceOnHold; what the work throws, after it was written down. A run that was stopped is no error: see its
 * outcome.
 */
export const runTask =
  (deps: RunTaskDeps) =>
  async (task: Task, options: TaskOptions, work: (run: TaskRun) => Promise<void>): Promise<TaskReport> => {
    const lock = await deps.locks.tryLock(task);
    if (!lock) throw new TaskIsRunning(task);
    const mayBeHeld = HELD_TASKS.has(task) && !options.dryRun;
    const held = mayBeHeld ? untilHeld(deps.holds, deps.log) : null;
    try {
      if (mayBeHeld) await refuseOnHold(deps);
      const takeUp = options.takeUp ?? (() => options.rounds === true);
      const begun = await deps.runs.begin(task, options.dryRun, takeUp, options.rounds);
      return await runBegun(deps, { task, options, stops: stopsOf(lock, held, options), begun }, work);
    } finally {
      held?.stop();
      await lock.release();
    }
  };

interface Begun {
  readonly task: Task;
  readonly options: TaskOptions;
  readonly stops: AbortSignal;
  readonly begun: BegunRun;
}

async function runBegun(
  deps: RunTaskDeps,
  { task, options, stops, begun }: Begun,
  work: (run: TaskRun) => Promise<void>,
): Promise<TaskReport> {
  const startedAt = performance.now();
  const counts: Record<string, number> = options.rounds ? {} : { ...begun.counts };
  const saved: Saved = { counts: { ...counts }, cursor: options.rounds ? null : begun.cursor };
  const run = runOf(deps, begun, saved, { counts, dryRun: options.dryRun, signal: stops });
  const end = async (outcome: Outcome, error: unknown): Promise<TaskReport> => {
    const says = error === null ? null : sentence(error);
    // whoever takes it up begins at the cursor, and counts again what is behind it
    const kept = outcome === 'ok' || options.rounds || saved.cursor === null ? counts : saved.counts;
    await deps.runs.end(begun.id, outcome, kept, says, options.rounds).catch((err: unknown) => {
      deps.log.error({ err, task }, 'the end of a run could not be written down');
      if (error === null) throw err;
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return { runId: begun.id, task, outcome, dryRun: options.dryRun, counts, seconds };
  };
  try {
    await work(run);
  } catch (error) {
    const wasTold = options.signal?.aborted === true && error === options.signal.reason;
    const report = await end(wasTold ? 'stopped' : 'failed', error);
    if (wasTold) return report;
    throw error;
  }
  return await end('ok', null);
}

/** What was written down last. */
interface Saved {
  counts: Counts;
  cursor: string | null;
}

/** Asked under the task's lock: whoever places a hold and then has the lock knows that nothing goes on. */
async function refuseOnHold({ holds }: RunTaskDeps): Promise<void> {
  const hold = await holds.current();
  if (hold) throw new MaintenanceOnHold(hold);
}

function stopsOf(lock: TaskLock, held: { signal: AbortSignal } | null, { signal: told }: TaskOptions): AbortSignal {
  return AbortSignal.any([lock.lost, ...(held ? [held.signal] : []), ...(told ? [told] : [])]);
}

function runOf(
  { runs }: RunTaskDeps,
  { id, findingsRunId, cursor: takenUpAt }: BegunRun,
  saved: Saved,
  { counts, dryRun, signal }: { counts: Record<string, number>; dryRun: boolean; signal: AbortSignal },
): TaskRun {
  return {
    id,
    findingsRunId,
    dryRun,
    takenUpAt,
    counts: counts as Counts,
    signal,
    count(what, by = 1) {
      counts[what] = (counts[what] ?? 0) + by;
    },
    async save(cursor) {
      await runs.save(id, counts, cursor);
      Object.assign(saved, { counts: { ...counts }, cursor });
      signal.throwIfAborted();
    },
  };
}

function sentence(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1000);
}
