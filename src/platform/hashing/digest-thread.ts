import { Worker } from 'node:worker_threads';
import { type Sha256, sha256FromHex } from '../../kernel/sha256';

/** Of one file, in the order in which it grows; `id` names it. */
export interface DigestRequest {
  readonly id: number;
  /** Of this process: its threads share them. */
  readonly fd: number;
  /** Where each piece ends, in bytes from the start: PIECE_BYTES_MAX after the one before at most; Infinity for all that is there. */
  readonly ends: readonly number[];
  /** Answered, and then forgotten. */
  readonly last: boolean;
}

export type DigestAnswer =
  | { readonly id: number; readonly sha256: string; readonly check: bigint; readonly sizeBytes: number }
  /** What is left of an error on its way between threads. @see errno(3) */
  | { readonly id: number; readonly failed: { message: string; errno: number; code: string } };

export interface FileDigest {
  readonly sha256: Sha256;
  /** `checkOf` of each piece in turn, begun with 0. */
  readonly check: bigint;
  readonly sizeBytes: number;
}

/** What fits into a processor's own cache: a piece is read, hashed and checked while it is there. */
export const PIECE_BYTES_MAX = 256 * 1024;

/** Tells whether two threads saw the same bytes, cut into the same pieces; no proof against anybody who means harm. */
export function checkOf(piece: Uint8Array, before: bigint): bigint {
  return Bun.hash.xxHash3(piece, before);
}

/**
 * A thread that hashes files: sha-256 takes as much of a processor as everything else that an upload needs of the thread that
 * serves requests. Started by its first file; it never keeps the process alive while nobody waits for it.
 */
export class DigestThread {
  #worker: Worker | null = null;
  #lastId = 0;
  readonly #pending = new Map<number, PromiseWithResolvers<FileDigest>>();

  constructor(private readonly script = new URL('./digest-worker.ts', import.meta.url)) {}

  /**
   * Hashes a file that is whole, from its first byte to its last.
   * @param fd stays open until this settles
   * @throws what read(2) fails with
   */
  whole(fd: number): Promise<FileDigest> {
    return this.growing(fd).finish([Number.POSITIVE_INFINITY]);
  }

  /**
   * Hashes a file while it is being written, piece by piece: `ends` says where they end, of those that have come since the last call.
   * @param fd stays open until `finish` has settled
   */
  growing(fd: number): { upTo(ends: readonly number[]): void; finish(ends: readonly number[]): Promise<FileDigest> } {
    const id = ++this.#lastId;
    const ask = (ends: readonly number[], last: boolean) =>
      this.#started().postMessage({ id, fd, ends, last } satisfies DigestRequest);
    return {
      upTo: (ends) => ask(ends, false),
      finish: (ends) => {
        const answer = Promise.withResolvers<FileDigest>();
        this.#pending.set(id, answer);
        ask(ends, true);
        if (this.#pending.size === 1) this.#worker?.ref();
        return answer.promise;
      },
    };
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.script);
    worker.on('message', (answer: DigestAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('the digest thread ended')));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(answer: DigestAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if ('failed' in answer) pending?.reject(Object.assign(new Error(answer.failed.message), answer.failed));
    else pending?.resolve({ ...answer, sha256: sha256FromHex(answer.sha256) });
  }

  /** The next file starts another thread. */
  #end(error: unknown): void {
    this.#worker = null;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

/** One for the whole process: more would only make each other wait for the same processors. */
export const digestThread = new DigestThread();
