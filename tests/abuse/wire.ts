import { connect, type Socket } from 'node:net';

/** What a client saw. `status` 0: the connection ended without an answer. */
export interface Seen {
  readonly status: number;
  /** Of an error body. */
  readonly code: string | null;
  readonly retryAfter: boolean;
}

export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sends the body in pieces of so many bytes, one after each pause. */
  readonly slowly?: { readonly pieceBytes: number; readonly pauseMs: number };
}

const PIECE_BYTES = 256 * 1024;
const NO_ANSWER: Seen = { status: 0, code: null, retryAfter: false };

/** One connection to 127.0.0.1, from an address of this machine of one's own choice; kept alive as long as both sides do. */
export class Wire {
  #socket: Socket | null = null;
  #received = '';
  #answer: ((seen: Seen) => void) | null = null;

  constructor(
    private readonly port: number,
    private readonly from = '127.0.0.1',
  ) {}

  /** @returns what is answered, though the body may not have been sent to its end */
  async ask(request: WireRequest): Promise<Seen> {
    const socket = this.#open();
    const { promise, resolve } = Promise.withResolvers<Seen>();
    this.#received = '';
    this.#answer = resolve;
    socket.write(headOf(request));
    if (request.body) void this.#send(socket, request);
    const seen = await promise;
    // whoever was refused half way still has bytes to send
    if (seen.status >= 400 && request.body) this.close();
    return seen;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.from });
    socket.on('data', (bytes) => this.#onData(Buffer.from(bytes)));
    // `close` follows
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#end(NO_ANSWER);
    });
    this.#socket = socket;
    return socket;
  }

  async #send(socket: Socket, { body = new Uint8Array(), slowly }: WireRequest): Promise<void> {
    const piece = slowly?.pieceBytes ?? PIECE_BYTES;
    for (let at = 0; at < body.length && this.#answer && !socket.destroyed; at += piece) {
      await written(socket, body.subarray(at, at + piece));
      if (slowly) await Bun.sleep(slowly.pauseMs);
    }
  }

  #onData(bytes: Buffer): void {
    this.#received += bytes.toString('latin1');
    const seen = parsed(this.#received);
    if (seen) this.#end(seen);
  }

  #end(seen: Seen): void {
    this.#answer?.(seen);
    this.#answer = null;
  }
}

/** Until the kernel has taken it, or the connection has ended. */
function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', resolve);
  socket.write(bytes, () => {
    socket.off('close', resolve);
    resolve();
  });
  return promise;
}

function headOf({ method, path, headers, body }: WireRequest): string {
  const length = body ? { 'content-length': String(body.length) } : {};
  const lines = Object.entries({ host: 'test.invalid', ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method ?? (body ? 'POST' : 'GET')} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function parsed(text: string): Seen | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  const isWhole =
    length === undefined ? /\r\n0\r\n\r\n$/.test(text) || status === 204 : text.length - end - 4 >= Number(length);
  // a refusal is streamed, and ends only when the rest of the body has been thrown away
  const code = /"code":"([A-Z_]+)"/.exec(text.slice(end))?.[1] ?? null;
  return isWhole || (status >= 400 && code !== null)
    ? { status, code, retryAfter: /\r\nretry-after: /i.test(head) }
    : null;
}
