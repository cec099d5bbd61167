import { ProcessCost } from './process-cost';

const STARTS_WITHIN_MS = 120_000;

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  readonly cost: ProcessCost;
  stop(): Promise<void>;
}

/**
 * Runs a server as a process of its own, as it runs in earnest.
 * @param health a path that answers 200 when it is ready
 */
export async function startServerProcess(
  command: readonly string[],
  health: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const port = freePort();
  const child = Bun.spawn([process.execPath, ...command], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // a bench that fails half way leaves no server behind
  process.once('exit', () => child.kill());
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, url + health);
  return {
    url,
    pid: child.pid,
    cost: new ProcessCost(child.pid),
    async stop() {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
}

async function untilReady(child: Bun.Subprocess, url: string): Promise<void> {
  const endsAt = Date.now() + STARTS_WITHIN_MS;
  while (Date.now() < endsAt && child.exitCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await Bun.sleep(50);
  }
  child.kill();
  throw new Error(`${url} was not ready within ${STARTS_WITHIN_MS} ms`);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
