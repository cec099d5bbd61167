import type { Log } from '../../../kernel/log';

const LOOK_EVERY_MS = 5_000;

/** What is kept: whether it lives is asked often, and costs little. */
export interface Kept {
  isAlive(): Promise<boolean>;
  /** Starts it, unless somebody else has meanwhile. */
  revive(): Promise<void>;
}

/**
 * Starts a server again that has ended by itself: killed, or for want of room. Says so once, and once more when it runs or cannot.
 * @returns ends the watch, when what it is at is done
 */
export function keepRunning({ isAlive, revive }: Kept, log: Log, everyMs = LOOK_EVERY_MS): () => Promise<void> {
  let complaint: string | null = null;
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      if (await isAlive()) return;
      if (complaint === null) log.warn({}, 'the embedded PostgreSQL has ended; it is started again');
      await revive();
      complaint = null;
      log.info({}, 'the embedded PostgreSQL runs again');
    } catch (error) {
      const why = String(error);
      if (why !== complaint) log.error({ err: error }, 'the embedded PostgreSQL can’t be started; it is tried again');
      complaint = why;
    }
  };
  let isOver = false;
  const next = () => {
    looking = look().finally(() => {
      if (!isOver) timer = setTimeout(next, everyMs);
    });
  };
  let timer = setTimeout(next, everyMs);
  return async () => {
    isOver = true;
    clearTimeout(timer);
    await looking;
  };
}
