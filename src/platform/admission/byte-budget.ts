import { AppError } from '../../kernel/app-error';
import { FairQueue } from './fair-queue';

export interface ByteClaim {
  /** Who answers for the bytes: a seller, or an address where there is none. */
  readonly party: string;
  readonly bytes: number;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}

/** Bytes that were given to one request. */
export interface ByteGrant {
  /** So many of them are on disk now. */
  received(bytes: number): void;
  /** Gives them back; a second time does nothing. */
  release(): void;
}

export interface ByteBudgetOptions {
  readonly totalBytes: number;
  readonly waitMs: number;
  /** Throws where there is no room for so many bytes more. */
  readonly requireRoom: (bytes: number) => void;
  /** Told how long each claim waited that had to. */
  readonly waited?: (seconds: number) => void;
  /** Told of each claim whose turn did not come in time. */
  readonly refused?: () => void;
}

/** Of what nobody holds, a party leaves at least this share of its own holding to others. */
const LEFT_TO_OTHERS = 1 / 3;
/** Each holds a connection and what its kernel has buffered. */
const MAX_WAITING = 1_000;

/**
 * Bytes of bodies that may be staged at once. Whoever finds too few waits its turn, parties in rotation. No party may hold more than
 * three times of what is left free, so alone it gets three quarters, and somebody who comes later still finds something.
 */
export class ByteBudget {
  #held = 0;
  #unwritten = 0;
  readonly #heldBy = new Map<string, number>();
  readonly #queue = new FairQueue<Waiter>();

  constructor(private readonly options: ByteBudgetOptions) {}

  get heldBytes(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * @throws AppError OVERLOADED when its turn has not come in time, or the disk has no room; the signal's reason when the client has left
   */
  async take({ party, bytes, signal }: ByteClaim): Promise<ByteGrant> {
    signal.throwIfAborted();
    // a claim over what one party can ever have would wait for ever
    const claimed = Math.min(bytes, Math.floor(this.options.totalBytes / (1 + LEFT_TO_OTHERS)));
    this.options.requireRoom(this.#unwritten + claimed);
    if (this.#queue.size === 0 && this.#fits(party, claimed)) {
      this.#hold(party, claimed);
      return this.#grant(party, claimed);
    }
    await this.#turn(party, claimed, signal);
    const grant = this.#grant(party, claimed);
    try {
      // others have written meanwhile
      this.options.requireRoom(this.#unwritten);
      return grant;
    } catch (error) {
      grant.release();
      throw error;
    }
  }

  #fits(party: string, bytes: number): boolean {
    const free = this.options.totalBytes - this.#held - bytes;
    return free >= ((this.#heldBy.get(party) ?? 0) + bytes) * LEFT_TO_OTHERS;
  }

  #hold(party: string, bytes: number): void {
    this.#held += bytes;
    this.#unwritten += bytes;
    this.#heldBy.set(party, (this.#heldBy.get(party) ?? 0) + bytes);
  }

  async #turn(party: string, bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#queue.size >= MAX_WAITING) throw this.#overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { party, bytes, enter: resolve };
    this.#queue.add(waiter);
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const timer = setTimeout(() => reject(this.#overloaded()), this.options.waitMs);
    const since = performance.now();
    try {
      this.#serve();
      await promise;
    } catch (error) {
      // Its turn may have come in the same moment: then what it holds goes back.
      if (!this.#queue.remove(waiter)) this.#give(party, bytes, bytes);
      this.#serve();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      this.options.waited?.((performance.now() - since) / 1000);
    }
  }

  /** Lets in whoever can be, in turn. One that waits for others' bytes holds up all behind it, or the large would wait for ever. */
  #serve(): void {
    this.#queue.serve(({ party, bytes, enter }) => {
      if (this.#fits(party, bytes)) {
        this.#hold(party, bytes);
        enter();
        return 'served';
      }
      return (this.#heldBy.get(party) ?? 0) > 0 ? 'pass over' : 'stop';
    });
  }

  #grant(party: string, bytes: number): ByteGrant {
    let unwritten = bytes;
    let isHeld = true;
    return {
      received: (more) => {
        if (!isHeld) return;
        const written = Math.min(more, unwritten);
        unwritten -= written;
        this.#unwritten -= written;
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#give(party, bytes, unwritten);
        this.#serve();
      },
    };
  }

  #give(party: string, bytes: number, unwritten: number): void {
    this.#held -= bytes;
    this.#unwritten -= unwritten;
    const left = (this.#heldBy.get(party) ?? 0) - bytes;
    if (left > 0) this.#heldBy.set(party, left);
    else this.#heldBy.delete(party);
  }

  #overloaded(): AppError {
    this.options.refused?.();
    return new AppError('OVERLOADED', 'Too many uploads are under way; see Retry-After.', { retryAfterSeconds: 10 });
  }
}

interface Waiter {
  readonly party: string;
  readonly bytes: number;
  readonly enter: () => void;
}
