import type { EventMessage } from '../domain/event-message';
import type { EndReason, Sink } from '../domain/sink';

/** Messages that may wait for a stream before sending pauses. */
const STREAM_FULL_MESSAGES = 64;

export interface StreamMessage {
  readonly message: EventMessage;
  readonly position: number;
}

/** A queue between whoever sends and an event stream that takes as fast as its client reads. */
export class StreamSink implements Sink {
  readonly #queue: StreamMessage[] = [];
  #ended: EndReason | 'left' | null = null;
  #wake: (() => void) | null = null;
  #waiting: ((hasRoom: boolean) => void) | null = null;

  /**
   * @param slowMs how long a full queue is waited for
   * @param onEnd called once: a stream that nobody reads would not be asked again, and could not tidy up itself
   */
  constructor(
    private readonly slowMs: number,
    private readonly onEnd: () => void,
  ) {}

  send(message: EventMessage, position: number): void {
    this.#queue.push({ message, position });
    this.#wake?.();
  }

  get full(): boolean {
    return this.#queue.length >= STREAM_FULL_MESSAGES;
  }

  async room(): Promise<boolean> {
    if (this.#ended !== null) return false;
    if (!this.full) return true;
    const waiting = Promise.withResolvers<boolean>();
    this.#waiting = waiting.resolve;
    const timer = setTimeout(() => waiting.resolve(false), this.slowMs);
    const hasRoom = await waiting.promise;
    clearTimeout(timer);
    this.#waiting = null;
    return hasRoom;
  }

  end(why: EndReason): void {
    this.#finish(why);
  }

  /** The client has gone. */
  leave(): void {
    this.#finish('left');
  }

  /** Everything in its order; what was sent before the end comes before the end. @returns why it ended */
  async *messages(): AsyncGenerator<StreamMessage, EndReason | 'left'> {
    for (;;) {
      const next = this.#ended === 'left' ? undefined : this.#queue.shift();
      if (next) {
        if (this.#queue.length === 0) this.#waiting?.(true);
        yield next;
      } else if (this.#ended !== null) return this.#ended;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #finish(why: EndReason | 'left'): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.onEnd();
    this.#waiting?.(false);
    this.#wake?.();
  }
}
