import type { Log } from '../../../kernel/log';
import type { Counts, TaskRun } from '../domain/maintenance-run';
import { StepIncomplete, StepsFailed, type UpkeepStep } from '../domain/upkeep-step';

/**
 * One step after the other, whatever becomes of each.
 * @throws StepsFailed at the end, when some failed; signal.reason when it is to stop
 */
export async function runSteps<Step extends UpkeepStep>(
  log: Log,
  run: TaskRun,
  steps: readonly Step[],
  work: (step: Step) => Promise<Counts> = (step) => step.run(run.signal),
): Promise<void> {
  const failed: string[] = [];
  for (const step of steps) {
    run.signal.throwIfAborted();
    try {
      count(run, await work(step));
    } catch (err) {
      if (err instanceof StepIncomplete) count(run, err.counts);
      run.signal.throwIfAborted();
      failed.push(step.name);
      log.error({ err, step: step.name }, 'a step of upkeep failed; the others go on');
    }
  }
  if (failed.length > 0) throw new StepsFailed(failed, run.counts);
}

function count(run: TaskRun, counts: Counts): void {
  for (const [what, amount] of Object.entries(counts)) run.count(what, amount);
}
