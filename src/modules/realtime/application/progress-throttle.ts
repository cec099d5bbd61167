import type { Log } from '../../../kernel/log';
import type { ProgressSignal } from '../domain/ports';

export interface ProgressThrottleDeps {
  /** All at once: one statement, however many uploads are under way. */
  readonly announce: (signals: readonly ProgressSignal[]) => Promise<void>;
  readonly log: Log;
  readonly everyMs?: number;
}

/**
 * Lets through the latest of each upload, at most twice a second; the last one always, if late. Whoever tells of progress neither
 * waits nor hears of a failure: an upload must not suffer from being watched.
 */
export class ProgressThrottle {
  readonly #latest = new Map<string, ProgressSignal>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #announcedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(private readonly deps: ProgressThrottleDeps) {}

  tell(signal: ProgressSignal): void {
    if (this.#stopped) return;
    // a client chooses its product's id, and may choose another seller's
    this.#latest.set(`${signal.userId} ${signal.productId}`, signal);
    this.#schedule();
  }

  /** Tells what waits, and nothing more: the database is about to go. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#latest.size > 0) await this.#announce();
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const wait = this.#announcedAt + (this.deps.everyMs ?? 500) - performance.now();
    this.#timer = setTimeout(() => void this.#announce(), Math.max(0, wait));
  }

  async #announce(): Promise<void> {
    this.#announcedAt = performance.now();
    const signals = [...this.#latest.values()];
    this.#latest.clear();
    try {
      await this.deps.announce(signals);
    } catch (error) {
      this.deps.log.warn({ err: error }, 'progress of uploads could not be told');
    }
    this.#timer = null;
    if (this.#latest.size > 0) this.#schedule();
  }
}
