import { resolve } from 'node:path';
import { atExit } from './exit';
import type { TestDatabase } from './postgres';
import { aSeller, PASSWORD } from './seller-client';
import type { Environment } from './server';

const repository = resolve(import.meta.dir, '../..');

/** The examples, as their users start them. */
export const EXAMPLE_WORKERS = {
  'processing-worker.ts': [process.execPath, resolve(repository, 'examples/workers/processing-worker.ts')],
  'processing_worker.py': ['python3', resolve(repository, 'examples/workers/processing_worker.py')],
} as const;

export type ExampleWorker = keyof typeof EXAMPLE_WORKERS;

/** Whether this machine can run it. Said where it cannot; with CI=true that is an error. */
export function canRun(example: ExampleWorker): boolean {
  if (example === 'processing-worker.ts' || Bun.which('python3')) return true;
  const message = `not proven here: examples/workers/${example} (no python3 on PATH)`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(message);
  return false;
}

/** For tests to which it does not matter which: the one that starts faster. */
export const ANY_WORKER: ExampleWorker = canRun('processing_worker.py')
  ? 'processing_worker.py'
  : 'processing-worker.ts';

export interface WorkerProcess {
  readonly output: { text: string };
  /** Sends the signal. @returns the exit code; null where the signal ended it */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** @returns the exit code of a worker that ends by itself */
  ended(): Promise<number | null>;
}

export function startWorker(example: ExampleWorker, url: string, change: Environment): WorkerProcess {
  const child = Bun.spawn([...EXAMPLE_WORKERS[example]], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', LEASE_SECONDS: '10', URL: url, ...change },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  atExit(() => child.kill('SIGKILL'));
  const output = { text: '' };
  const read = Promise.all([child.stdout, child.stderr].map((stream) => collect(stream, output)));
  async function ended(): Promise<number | null> {
    await Promise.all([child.exited, read]);
    return child.exitCode;
  }
  return {
    output,
    ended,
    end(signal) {
      child.kill(signal);
      return ended();
    },
  };
}

/** The variables by which a worker logs in: an account that an operator made one of. */
export async function aWorkerAccount(server: { url: string }, db: TestDatabase): Promise<Environment> {
  const { email, userId } = await aSeller(server);
  await db.sql("update users set role = 'worker' where id = $1", [userId]);
  return { WORKER_EMAIL: email, WORKER_PASSWORD: PASSWORD };
}

async function collect(stream: ReadableStream<Uint8Array>, output: { text: string }): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) output.text += decoder.decode(chunk, { stream: true });
}
