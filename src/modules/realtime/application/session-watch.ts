import type { Log } from '../../../kernel/log';

export interface SessionWatchDeps {
  readonly liveSessions: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly log: Log;
  readonly everyMs?: number;
}

/** Notices sessions that were revoked while somebody follows with their tokens: one statement a minute for all of them. */
export class SessionWatch {
  readonly #onRevoked = new Map<string, Set<() => void>>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly deps: SessionWatchDeps) {}

  /** @returns ends the watch */
  watch(sessionId: string, onRevoked: () => void): () => void {
    const callbacks = this.#onRevoked.get(sessionId) ?? new Set();
    this.#onRevoked.set(sessionId, callbacks.add(onRevoked));
    this.#timer ??= setInterval(() => void this.look(), this.deps.everyMs ?? 60_000);
    return () => {
      callbacks.delete(onRevoked);
      // ended twice, it must not end the watch that somebody has begun since
      if (callbacks.size === 0 && this.#onRevoked.get(sessionId) === callbacks) this.#onRevoked.delete(sessionId);
      if (this.#onRevoked.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  async look(): Promise<void> {
    const watched = [...this.#onRevoked.keys()];
    if (watched.length === 0) return;
    try {
      const live = await this.deps.liveSessions(watched);
      for (const id of watched) {
        if (!live.has(id)) for (const onRevoked of this.#onRevoked.get(id) ?? []) onRevoked();
      }
    } catch (error) {
      this.deps.log.warn({ err: error }, 'revoked sessions could not be looked for');
    }
  }
}
