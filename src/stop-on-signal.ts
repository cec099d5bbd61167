import type { Log } from './kernel/log';

/** What this needs of `process`. */
export interface Signalled {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: string) => void): unknown;
  exit(code: number): void;
}

/**
 * One Ctrl-C reaches a server under `bun start` twice: from the terminal, and passed on by `bun run`. Signals closer together
 * than this, in milliseconds, are one.
 */
const ONE_KEY_PRESS_MS = 1000;

/** The first signal stops in phases; a second one does not wait. */
export function stopOnSignal(log: Log, stop: () => Promise<number>, signalled: Signalled = process): void {
  let firstAt: number | undefined;
  const onSignal = async (signal: string) => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt > ONE_KEY_PRESS_MS) signalled.exit(1);
      return;
    }
    firstAt = performance.now();
    log.info({ signal }, 'stopping');
    try {
      log.info({ requests_cut_off: await stop() }, 'stopped');
      signalled.exit(0);
    } catch (error) {
      log.error({ err: error }, 'the stop failed half way');
      signalled.exit(1);
    }
  };
  signalled.on('SIGINT', onSignal);
  signalled.on('SIGTERM', onSignal);
}
