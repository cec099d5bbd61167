/** How far a command has come, for whoever looks on. */
export interface Progress {
  /** @param total null while nobody knows it */
  show(done: number, total: number | null, what: string): void;
  /** Leaves the line empty, for what is printed next. */
  clear(): void;
}

/** What of a terminal is needed; standard error, so that standard output holds the answer alone. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const EVERY_MS = 100;
const BAR_WIDTH = 24;
const TO_START_AND_ERASE = '\r\x1b[2K';

const nowhere: Progress = { show: () => undefined, clear: () => undefined };

/**
 * One line that is written anew ten times a second. Into a file or a pipe, as of cron, nothing is written.
 * @param now milliseconds that only grow
 */
export function progressBar(terminal: Terminal | null, now: () => number = () => performance.now()): Progress {
  if (!terminal?.isTTY) return nowhere;
  let shownAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show(done, total, what) {
      if (now() - shownAt < EVERY_MS) return;
      shownAt = now();
      isShown = true;
      terminal.write(`${TO_START_AND_ERASE}${lineOf(done, total, what).slice(0, (terminal.columns ?? 80) - 1)}`);
    },
    clear() {
      if (isShown) terminal.write(TO_START_AND_ERASE);
      isShown = false;
    },
  };
}

function lineOf(done: number, total: number | null, what: string): string {
  if (total === null || total <= 0) return `${done} ${what}`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * BAR_WIDTH);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
  return `${bar} ${Math.floor(share * 100)} %  ${done} of ${total} ${what}`;
}
