import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { atExit } from './exit';
import { type Environment, ON_A_FREE_PORT } from './server';

const MAIN = resolve(import.meta.dir, '../../src/main.ts');
const STARTS_WITHIN_MS = 60_000;

/** `bun src/main.ts`, with nothing of this process's environment but what finds programs. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything it has written so far. */
  readonly output: { stdout: string; stderr: string };
  /** The exit code or the signal that ended it; null while it lives. */
  ending(): number | string | null;
  /** Sends the signal. @returns the exit code; null where the signal ended it */
  end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Sends a signal that ends nothing. */
  hangUp(): void;
}

export interface EndedProcess {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts the server and waits until it listens.
 * @param through a command that runs the one that follows it
 * @throws Error with what it said when it ends before
 */
export async function startServerProcess(change: Environment, through: readonly string[] = []): Promise<ServerProcess> {
  const { child, output } = run(change, through);
  const address = await addressOf(child, output);
  return {
    url: address.origin,
    port: Number(address.port),
    pid: child.pid,
    output,
    ending: () => child.exitCode ?? child.signalCode,
    hangUp: () => child.kill('SIGHUP'),
    async end(signal) {
      child.kill(signal);
      await child.exited;
      return child.exitCode;
    },
  };
}

/** Runs a server that is expected not to start. */
export async function failedStart(change: Environment): Promise<EndedProcess> {
  const { child, output, read } = run(change);
  const exitCode = await child.exited;
  await read;
  return { exitCode, ...output };
}

function run(change: Environment, through: readonly string[] = []) {
  const child = Bun.spawn([...through, process.execPath, MAIN], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TZ: 'UTC', ...ON_A_FREE_PORT, ...change },
    cwd: tmpdir(), // Bun would read a developer's .env in ours
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  atExit(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  const read = Promise.all([
    collect(child.stdout, (text) => (output.stdout += text)),
    collect(child.stderr, (text) => (output.stderr += text)),
  ]);
  return { child, output, read };
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

/** As the banner says it, or in production the log. */
async function addressOf(child: Bun.Subprocess, output: ServerProcess['output']): Promise<URL> {
  const endsAt = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < endsAt && child.exitCode === null && child.signalCode === null) {
    const found = /(?:API +|"url":")(https?:[^\s"]+)/.exec(output.stdout)?.[1];
    if (found) return new URL(found);
    await Bun.sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not start: ${output.stderr}${output.stdout}`);
}
