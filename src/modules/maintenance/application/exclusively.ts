import { unlessAborted } from '../../../kernel/unless-aborted';
import { TaskIsRunning, type TaskLocks } from '../domain/maintenance-run';

const ASK_EVERY_MS = 100;
const ASK_TIMES = 300;

/** Between two turns of long work: whoever waits asks meanwhile. */
export const letOthersIn = () => Bun.sleep(2 * ASK_EVERY_MS);

/**
 * Work under a lock that is held for seconds at most: waited for. Work that loses the lock is not waited for any more, and is told by
 * its signal: another may have the lock, so it must change nothing behind the request that it waits for.
 * @throws TaskIsRunning when it is not free for half a minute; the signal's reason when it was lost
 */
export const exclusively =
  (locks: TaskLocks, name: string, askTimes = ASK_TIMES) =>
  async <Result>(work: (lost: AbortSignal) => Promise<Result>): Promise<Result> => {
    for (let asked = 0; asked < askTimes; asked += 1) {
      const lock = await locks.tryLock(name);
      if (!lock) {
        await Bun.sleep(ASK_EVERY_MS);
        continue;
      }
      try {
        return await unlessAborted(lock.lost, work(lock.lost));
      } finally {
        await lock.release();
      }
    }
    throw new TaskIsRunning(name);
  };
