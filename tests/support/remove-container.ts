import { join } from 'node:path';

/** However this process ends. Where Ryuk may not run (TESTCONTAINERS_RYUK_DISABLED), nobody else removes it. */
export function removeWithThisProcess(id: string): void {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== 'true' || !host.startsWith('unix://')) return;
  const watcher = join(import.meta.dir, 'end-with-parent.ts');
  Bun.spawn([process.execPath, watcher, 'container', host.slice('unix://'.length), id], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  }).unref();
}
