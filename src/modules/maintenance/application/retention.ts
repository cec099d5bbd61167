import type { Log } from '../../../kernel/log';
import type { TaskReport } from '../domain/maintenance-run';
import type { RetentionStep } from '../domain/upkeep-step';
import { type OnSteps, runSteps } from './run-steps';
import type { RunTask } from './run-task';

export interface RetentionDeps {
  readonly runTask: RunTask;
  readonly log: Log;
  readonly steps: readonly RetentionStep[];
}

export interface RetentionOptions {
  /** Counts what would go, and lets it stay. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
  readonly onSteps?: OnSteps;
}

/**
 * Deletes what is older than the age that was set for its kind; what has no age stays. Nothing under legal hold goes.
 * @throws TaskIsRunning, StepsFailed
 */
export const retention =
  ({ runTask, log, steps }: RetentionDeps) =>
  ({ dryRun, signal, onSteps }: RetentionOptions): Promise<TaskReport> =>
    runTask('retention', { dryRun, ...(signal ? { signal } : {}) }, (run) => {
      const withAge = steps.filter(({ ageDays }) => ageDays !== null);
      const work = (step: RetentionStep) => (dryRun ? step.preview() : step.run(run.signal));
      return runSteps(log, run, withAge, work, onSteps);
    });
