/**
 * Ends what a test process started, however that process ends: it holds the other end of this one's stdin, which the system
 * closes even after SIGKILL. Run by `s3-server-binary.ts` and `remove-container.ts`:
 *   bun end-with-parent.ts run <folder> <command…>       runs the command; kills it and removes the folder at the end
 *   bun end-with-parent.ts container <socket> <id>       removes the container, by Docker's API, at the end
 */
import { rm } from 'node:fs/promises';

const [kind, where = '', ...rest] = process.argv.slice(2);
// Ctrl-C reaches the whole process group; this one must stay to clean up
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const child = kind === 'run' ? Bun.spawn(rest, { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }) : null;

for await (const _ of Bun.stdin.stream());
if (child) {
  child.kill('SIGKILL');
  await child.exited;
  await rm(where, { recursive: true, force: true });
} else {
  const url = `http://docker/containers/${rest[0]}?force=true&v=true`;
  await fetch(url, { method: 'DELETE', unix: where }).catch(() => undefined);
}
process.exit();
