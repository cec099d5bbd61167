import { AppError } from '../../kernel/app-error';
import { type BodyPace, tooSlow } from './body-pace';
import { ClientDisconnected } from './client-disconnected';

/**
 * The bytes of a request body as they come, under a limit of size and of slowness. After `close()` the body is unlocked
 * and partly unread, so that `linger` can go on with it.
 */
export class BodySource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #receivedBytes = 0;
  #waitedMs = 0;
  #waitingSince: number | null = null;
  #failure: Error | null = null;
  #closed = false;

  constructor(
    body: ReadableStream<Uint8Array>,
    private readonly signal: AbortSignal,
    private readonly maxBytes: number,
    private readonly pace: BodyPace,
  ) {
    this.#reader = body.getReader();
    this.#timer = setInterval(() => this.#check(), pace.checkEveryMs);
  }

  /** Why no more can come; null while more can. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * The next bytes, or null at the end of the body.
   * @throws AppError REQUEST_TOO_LARGE, REQUEST_TIMEOUT; ClientDisconnected
   */
  async next(): Promise<Uint8Array | null> {
    if (this.#failure) throw this.#failure;
    const { done, value } = await this.#wait();
    if (done) return null;
    this.#receivedBytes += value.byteLength;
    if (this.#receivedBytes > this.maxBytes) throw this.#fail(requestTooLarge(this.maxBytes));
    return value;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#reader.releaseLock();
  }

  async #wait(): Promise<Bun.ReadableStreamDefaultReadResult<Uint8Array>> {
    const since = performance.now();
    this.#waitingSince = since;
    try {
      return await this.#reader.read();
    } catch (error) {
      throw this.#fail(this.#failure ?? new ClientDisconnected(error));
    } finally {
      this.#waitedMs += performance.now() - since;
      this.#waitingSince = null;
    }
  }

  #check(): void {
    const now = performance.now();
    const silentMs = this.#waitingSince === null ? 0 : now - this.#waitingSince;
    const why = tooSlow(this.pace, {
      receivedBytes: this.#receivedBytes,
      waitedMs: this.#waitedMs + silentMs,
      silentMs,
      sinceStartMs: now - this.#startedAt,
    });
    if (why === null || this.signal.aborted) return;
    this.#fail(new AppError('REQUEST_TIMEOUT', why));
    // Rejects the read under way without cancelling the body.
    this.close();
  }

  #fail(error: Error): Error {
    this.#failure ??= error;
    return this.#failure;
  }
}

export function requestTooLarge(maxBytes: number): AppError {
  return new AppError('REQUEST_TOO_LARGE', `The request is over ${maxBytes} bytes.`, {
    details: { max_bytes: maxBytes },
  });
}
