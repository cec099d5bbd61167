import { AppError } from '../../../kernel/app-error';
import { FairQueue } from '../../../platform/admission/fair-queue';

export type HashingQueue = <Result>(party: string, work: () => Promise<Result>) => Promise<Result>;

interface Waiter {
  readonly party: string;
  readonly enter: () => void;
}

/**
 * Runs so many pieces of work at once and lets so many wait, so that a flood of logins takes neither all memory nor all
 * threads. Parties take turns: whoever guesses a hundred passwords waits behind whoever tries one. No party takes more than half of
 * the places where one waits.
 */
export function hashingQueue(limits: { atOnce: number; waiting: number }): HashingQueue {
  const queue = new FairQueue<Waiter>();
  let running = 0;
  return async (party, work) => {
    if (running < limits.atOnce) running += 1;
    else if (queue.size < limits.waiting && queue.sizeOf(party) < Math.ceil(limits.waiting / 2))
      await new Promise<void>((enter) => queue.add({ party, enter }));
    else throw new AppError('OVERLOADED');
    try {
      return await work();
    } finally {
      const next = queue.next();
      if (next)
        next.enter(); // takes over this turn
      else running -= 1;
    }
  };
}
