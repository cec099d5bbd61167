import { Worker } from 'node:worker_threads';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';

export interface DigestRequest {
  readonly id: number;
  /** Of this process: its threads share them. */
  readonly fd: number;
}

export type DigestAnswer =
  | { readonly id: number; readonly sha256: string; readonly sizeBytes: number }
  /** What is left of an error on its way between threads. @see errno(3) */
  | { readonly id: number; readonly failed: { message: string; errno: number; code: string } };

export interface FileDigest {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/**
 * A thread that hashes files: verifying what was stored takes as much of a processor as everything else that an upload needs of
 * the thread that serves requests. Started by its first file; it never keeps the process alive while it has nothing to do.
 */
export class DigestThread {
  #worker: Worker | null = null;
  #lastId = 0;
  readonly #pending = new Map<number, PromiseWithResolvers<FileDigest>>();

  /**
   * Hashes a file from its first byte to its last.
   * @param fd stays open until this settles
   * @throws what read(2) fails with
   */
  digest(fd: number): Promise<FileDigest> {
    const worker = this.#started();
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<FileDigest>();
    this.#pending.set(id, answer);
    if (this.#pending.size === 1) worker.ref();
    worker.postMessage({ id, fd } satisfies DigestRequest);
    return answer.promise;
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./digest-worker.ts', import.meta.url));
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
    else pending?.resolve({ sha256: sha256FromHex(answer.sha256), sizeBytes: answer.sizeBytes });
  }

  /** The next file starts another thread. */
  #end(error: unknown): void {
    this.#worker = null;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
