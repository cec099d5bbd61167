import { join } from 'node:path';
import type { LoadJob, LoadResult } from './jobs';

type Message = { ready: true } | { ok: LoadResult } | { failed: string };

/** A process of its own that sends requests and takes times, one job after the other. */
export class LoadClient {
  #answer = Promise.withResolvers<Message>();
  readonly #process: Bun.Subprocess;

  private constructor(photos: readonly string[]) {
    this.#process = Bun.spawn([process.execPath, join(import.meta.dir, 'process.ts'), ...photos], {
      ipc: (message: Message) => this.#answer.resolve(message),
      stdio: ['ignore', 'inherit', 'inherit'],
      onExit: () => this.#answer.resolve({ failed: 'the load process ended' }),
    });
  }

  /** @param photos paths of the files that products are made of */
  static async start(photos: readonly string[] = []): Promise<LoadClient> {
    const client = new LoadClient(photos);
    await client.#answer.promise;
    return client;
  }

  async run(job: LoadJob): Promise<LoadResult> {
    this.#answer = Promise.withResolvers<Message>();
    this.#process.send(job);
    const message = await this.#answer.promise;
    if ('ok' in message) return message.ok;
    throw new Error('failed' in message ? message.failed : 'the load process answered out of turn');
  }

  stop(): void {
    this.#process.kill();
  }
}
