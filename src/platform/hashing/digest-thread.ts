import { Worker } from 'node:worker_threads';
import { type Sha256, sha256FromHex } from '../../kernel/sha256';

/** Of one file, in the order in which it grows; `id` names it. */
export interface DigestRequest {
  readonly id: number;
  /** Of this process: its threads share them. */
  readonly fd: number;
  /** In bytes from the start; Infinity for all that is there. */
  readonly upTo: number;
  /** Answered, and then forgotten. */
  readonly last: boolean;
}

export type DigestAnswer =
  | { readonly id: number; readonly sha256: string; readonly crc32: number; readonly sizeBytes: number }
  /** What is left of an error on its way between threads. @see errno(3) */
  | { readonly id: number; readonly failed: { message: string; errno: number; code: string } };

export interface FileDigest {
  readonly sha256: Sha256;
  readonly crc32: number;
  readonly sizeBytes: number;
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
    return this.growing(fd).finish(Number.POSITIVE_INFINITY);
  }

  /** Hashes a file while it is being written. @param fd stays open until `finish` has settled */
  growing(fd: number): { upTo(bytes: number): void; finish(bytes: number): Promise<FileDigest> } {
    const id = ++this.#lastId;
    const ask = (upTo: number, last: boolean) =>
      this.#started().postMessage({ id, fd, upTo, last } satisfies DigestRequest);
    return {
      upTo: (bytes) => ask(bytes, false),
      finish: (bytes) => {
        const answer = Promise.withResolvers<FileDigest>();
        this.#pending.set(id, answer);
        ask(bytes, true);
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
