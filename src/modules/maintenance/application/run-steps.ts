import type { Log } from '../../../kernel/log';
import type { Counts, TaskRun } from '../domain/maintenance-run';
import { StepIncomplete, StepsFailed, type UpkeepStep } from '../domain/upkeep-step';

/** @param done so many of all steps, well or not */
export type OnSteps = (done: number, all: number) => void;

/**
 * One step after the other, whatever becomes of each; before and after each it tells how many are done.
 * @throws StepsFailed at the end, when some failed; signal.reason when it is to stop
 */
export async function runSteps<Step extends UpkeepStep>(
  log: Log,
  run: TaskRun,
  steps: readonly Step[],
  work: (step: Step) => Promise<Counts>,
  onSteps: OnSteps = () => undefined,
): Promise<void> {
  const failed: string[] = [];
  for (const [done, step] of steps.entries()) {
    run.signal.throwIfAborted();
    onSteps(done, steps.length);
    try {
      count(run, await work(step));
    } catch (err) {
      if (err instanceof StepIncomplete) count(run, err.counts);
      run.signal.throwIfAborted();
      failed.push(step.name);
      log.error({ err, step: step.name }, 'a step of upkeep failed; the others go on');
    } finally {
      onSteps(done + 1, steps.length);
    }
  }
  if (failed.length > 0) throw new StepsFailed(failed, run.counts);
}

function count(run: TaskRun, counts: Counts): void {
  for (const [what, amount] of Object.entries(counts)) run.count(what, amount);
}
