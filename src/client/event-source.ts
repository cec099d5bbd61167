export interface EventSourceInit {
  /** Asked before each connection: tokens live for minutes, streams for hours. */
  readonly headers: () => Promise<Record<string, string>>;
}

type Listener = (event: Event) => void;

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * An EventSource that sends headers, so that no token stands in a URL, and that exists where there is none (Bun, Node). It connects
 * again until it is closed, behind the last id that it got.
 * @see HTML Standard, 9.2 Server-sent events
 */
export class FetchEventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState: number = this.CONNECTING;
  readonly #target = new EventTarget();
  readonly #closing = new AbortController();
  #lastEventId = '';

  constructor(
    readonly url: string,
    private readonly init?: EventSourceInit,
  ) {
    void this.#run();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#target.addEventListener(type, listener);
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#target.removeEventListener(type, listener);
  }

  close(): void {
    this.readyState = this.CLOSED;
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (this.readyState !== this.CLOSED) {
      const wasOpen = await this.#connect().catch(() => false);
      // `close` may have come meanwhile
      if (this.#closing.signal.aborted) return;
      waitMs = wasOpen ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      this.readyState = this.CONNECTING;
      this.#target.dispatchEvent(new Event('error'));
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())));
    }
  }

  /** @returns whether anything came, once the stream has ended */
  async #connect(): Promise<boolean> {
    const headers = {
      accept: 'text/event-stream',
      ...(await this.init?.headers()),
      ...(this.#lastEventId === '' ? {} : { 'last-event-id': this.#lastEventId }),
    };
    const response = await fetch(this.url, { headers, signal: this.#closing.signal, cache: 'no-store' });
    if (!response.ok || response.body === null) return false;
    this.readyState = this.OPEN;
    this.#target.dispatchEvent(new Event('open'));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const blocks = (rest + next.value).split(/\r?\n\r?\n/);
        rest = blocks.pop() ?? '';
        for (const block of blocks) this.#dispatch(block);
      }
    } catch {
      // a connection that is lost ends like any other
    }
    return true;
  }

  #dispatch(block: string): void {
    const fields = new Map(block.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line]));
    const field = (name: string) =>
      fields
        .get(name)
        ?.slice(name.length + 1)
        .replace(/^ /, '');
    this.#lastEventId = field('id') ?? this.#lastEventId;
    const data = field('data');
    if (data === undefined) return;
    const message = { data, lastEventId: this.#lastEventId };
    this.#target.dispatchEvent(new MessageEvent(field('event') || 'message', message));
  }
}
