/** How many requests are being answered, and whether the server has begun to stop. */
export class InFlight {
  #count = 0;
  readonly #stopping = new AbortController();

  get count(): number {
    return this.#count;
  }

  get draining(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Aborts when the server begins to stop, for what would never end by itself: event streams and WebSockets. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  enter(): void {
    this.#count += 1;
  }

  leave(): void {
    this.#count -= 1;
  }

  drain(): void {
    this.#stopping.abort();
  }
}

/** A server, or several that listen together. */
export interface Stoppable {
  readonly pendingRequests: number;
  stop(force?: boolean): Promise<void>;
}

/**
 * Stops in phases: /readyz turns to 503 and event streams end, no new connection is accepted and idle ones are closed, what is
 * under way may finish, the rest is cut off.
 * @param graceMs how long what is under way may take, in milliseconds
 * @returns how many requests were cut off
 */
export async function gracefulStop(server: Stoppable, inFlight: InFlight, graceMs: number): Promise<number> {
  inFlight.drain();
  // Resolves when the last request has been answered and the last WebSocket closed.
  const finished = server.stop().then(() => true);
  const patience = Promise.withResolvers<false>();
  const timer = setTimeout(() => patience.resolve(false), graceMs);
  const done = await Promise.race([finished, patience.promise]);
  clearTimeout(timer);
  if (done) return 0;
  const cutOff = server.pendingRequests;
  await server.stop(true);
  return cutOff;
}
