import type { Log } from '../../../kernel/log';
import type { MaintenanceHold } from '../domain/maintenance-hold';
import type { TaskReport } from '../domain/maintenance-run';
import type { UpkeepStep } from '../domain/upkeep-step';
import { type OnSteps, runSteps } from './run-steps';
import type { RunTask } from './run-task';

export interface SweepDeps {
  readonly runTask: RunTask;
  readonly log: Log;
  readonly holds: Pick<MaintenanceHold, 'current'>;
  /** Each module says what it may leave behind, and how that is removed. */
  readonly steps: readonly UpkeepStep[];
}

/**
 * Removes what dead processes, refused requests and the passing of time have left. Safe to stop at any moment. While upkeep is on hold
 * only those steps are done that lead work on; the others are counted as `held_steps`.
 * @throws TaskIsRunning, StepsFailed
 */
export const sweep =
  ({ runTask, log, holds, steps }: SweepDeps) =>
  (signal?: AbortSignal, onSteps?: OnSteps): Promise<TaskReport> =>
    runTask('sweep', { dryRun: false, ...(signal ? { signal } : {}) }, (run) => {
      const unlessHeld = async (step: UpkeepStep) =>
        !step.alsoOnHold && (await holds.current()) ? { held_steps: 1 } : await step.run(run.signal);
      return runSteps(log, run, steps, unlessHeld, onSteps);
    });
