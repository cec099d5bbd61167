import { AppError } from '../../../kernel/app-error';

export type HashingQueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Runs so many pieces of work at once and lets so many wait, so that a flood of logins takes neither all memory nor all
 * threads. First come, first served.
 */
export function hashingQueue(limits: { atOnce: number; waiting: number }): HashingQueue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < limits.atOnce) running += 1;
    else if (waiting.length < limits.waiting) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw new AppError('OVERLOADED');
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // takes over this turn
      else running -= 1;
    }
  };
}
