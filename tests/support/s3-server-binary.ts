import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3_SERVERS, type S3Server, type S3ServerKind, TEST_KEYS } from './s3-server-kinds';

const STARTS_WITHIN_MS = 20_000;

/** Null where there is no such program. @throws where there is one that does not start */
export async function s3ServerByBinary(kind: S3ServerKind): Promise<S3Server | null> {
  const program = programOf(kind);
  if (!program) return null;
  const { command, health, environment, encrypts, trash } = S3_SERVERS[kind];
  const data = await mkdtemp(join(tmpdir(), `test-${kind}-`));
  const port = freePort();
  const watcher = join(import.meta.dir, 'end-with-parent.ts');
  Bun.spawn([process.execPath, watcher, 'run', data, program, ...command(data, port)], {
    env: { ...process.env, ...environment },
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  }).unref();
  const endpoint = `http://127.0.0.1:${port}`;
  await untilHealthy(endpoint + health);
  const emptyTrash = async () => {
    for (const name of await readdir(join(data, trash ?? '')))
      await rm(join(data, trash ?? '', name), { recursive: true, force: true });
  };
  return { kind, endpoint, region: 'us-east-1', ...TEST_KEYS, encrypts, ...(trash ? { emptyTrash } : {}) };
}

function programOf(kind: S3ServerKind): string | null {
  const cached = join(import.meta.dir, '../../.cache/bin', kind);
  return Bun.which(kind) ?? (existsSync(cached) ? cached : null);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function untilHealthy(url: string): Promise<void> {
  const endsAt = Date.now() + STARTS_WITHIN_MS;
  while (Date.now() < endsAt) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await Bun.sleep(100);
  }
  throw new Error(`no answer from ${url} within ${STARTS_WITHIN_MS} ms`);
}
