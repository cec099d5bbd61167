/** @param done so many of all steps, well or not */
export type OnSteps = (done: number, all: number) => void;

/** The same work on each step, which tells before and after it how many are done. */
export function stepByStep<Step, Result>(
  steps: readonly Step[],
  work: (step: Step) => Promise<Result>,
  onSteps: OnSteps = () => undefined,
): (step: Step) => Promise<Result> {
  let done = 0;
  return async (step) => {
    onSteps(done, steps.length);
    try {
      return await work(step);
    } finally {
      done += 1;
      onSteps(done, steps.length);
    }
  };
}
