import type { ServerWebSocket } from 'bun';
import type { EventMessage } from '../domain/event-message';
import type { EndReason, Sink } from '../domain/sink';

/** Bytes that may wait in a socket before sending pauses; what waits longer is in the outbox anyway. */
const SOCKET_FULL_BYTES = 64 * 1024;

/** 4000–4999 are an application's own. @see RFC 6455, 7.4 */
const CLOSE_CODES = {
  slow: [4008, 'slow consumer'],
  expired: [4401, 'token expired'],
  revoked: [4401, 'session revoked'],
  'not-found': [4404, 'PRODUCT_NOT_FOUND'],
  stopping: [1012, 'service restart'],
} as const satisfies Record<EndReason, readonly [number, string]>;

export interface SocketLife {
  opened(sink: Sink): void;
  closed(): void;
  /** How long a full socket is waited for, in milliseconds. */
  readonly slowMs: number;
}

type Raw = Pick<ServerWebSocket<unknown>, 'sendText' | 'getBufferedAmount' | 'close' | 'terminate'>;

// A peer that reads nothing never answers the close; then the connection is cut.
const FAREWELL_MS = 5_000;

/** A WebSocket as a sink. It is what Bun keeps as the socket's data: Elysia calls these methods on it. */
export class SocketSink implements Sink {
  #raw: Raw | null = null;
  #waiting: ((hasRoom: boolean) => void) | null = null;

  constructor(private readonly life: SocketLife) {}

  open(raw: Raw): void {
    this.#raw = raw;
    this.life.opened(this);
  }

  /** Clients have nothing to say here; what they send is not read. */
  message(): void {
    // nothing
  }

  drain(): void {
    if (!this.full) this.#waiting?.(true);
  }

  close(): void {
    this.#raw = null;
    this.#waiting?.(false);
    this.life.closed();
  }

  send(message: EventMessage): void {
    this.#raw?.sendText(message.text);
  }

  get full(): boolean {
    return this.#raw !== null && this.#raw.getBufferedAmount() >= SOCKET_FULL_BYTES;
  }

  async room(): Promise<boolean> {
    if (!this.full) return this.#raw !== null;
    const waiting = Promise.withResolvers<boolean>();
    this.#waiting = waiting.resolve;
    const timer = setTimeout(() => waiting.resolve(!this.full), this.life.slowMs);
    const hasRoom = await waiting.promise;
    clearTimeout(timer);
    this.#waiting = null;
    return hasRoom;
  }

  end(why: EndReason, position: number | null): void {
    const raw = this.#raw;
    if (raw === null) return;
    const [code, reason] = CLOSE_CODES[why];
    raw.close(code, position === null ? reason : `${reason}; last_event_id=${position}`);
    setTimeout(() => this.#raw?.terminate(), FAREWELL_MS).unref();
  }
}
