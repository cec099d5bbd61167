/**
 * Connections whose requests are being worked on. Bun counts as idle what moves no bytes, and so closes the connection of a
 * request that waits for a store or a database that is silent: the client would never see the 503 that becomes of it. A client
 * that is slow itself is not spared by this: who reads a body holds it to its pace (`BodyPace`).
 */
export class KeptOpen {
  readonly #working = new Set<Request>();
  #timer: ReturnType<typeof setInterval> | null = null;

  /**
   * @param putOff the idle timeout of this request's connection begins anew
   * @param everyMs well below that timeout
   */
  constructor(
    private readonly putOff: (request: Request) => void,
    private readonly everyMs: number,
  ) {}

  begin(request: Request): void {
    this.#working.add(request);
    // one timer for all: one for each request would cost more than many of them do
    this.#timer ??= setInterval(() => this.#tick(), this.everyMs);
  }

  /** From here on the connection may idle: whoever does not read the answer, or asks nothing more, is cut off. */
  end(request: Request): void {
    this.#working.delete(request);
  }

  #tick(): void {
    for (const request of this.#working) this.putOff(request);
    if (this.#working.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
