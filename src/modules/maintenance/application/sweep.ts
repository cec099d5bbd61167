import type { Log } from '../../../kernel/log';
import type { TaskReport } from '../domain/maintenance-run';
import type { UpkeepStep } from '../domain/upkeep-step';
import { runSteps } from './run-steps';
import type { RunTask } from './run-task';

export interface SweepDeps {
  readonly runTask: RunTask;
  readonly log: Log;
  /** Each module says what it may leave behind, and how that is removed. */
  readonly steps: readonly UpkeepStep[];
}

/**
 * Removes what dead processes, refused requests and the passing of time have left. Safe to stop at any moment.
 * @throws TaskIsRunning, StepsFailed
 */
export const sweep =
  ({ runTask, log, steps }: SweepDeps) =>
  (signal?: AbortSignal): Promise<TaskReport> =>
    runTask('sweep', { dryRun: false, ...(signal ? { signal } : {}) }, (run) => runSteps(log, run, steps));
