/**
 * A decoder that some images do something to, as a defect of libvips would: an image behind whose end stands
 * `<<does:times:file>>` is counted in the file, and the first so many times the process dies, hangs, or says that it cannot write.
 */
import { appendFileSync, readFileSync, statSync } from 'node:fs';

process.prependListener('message', ({ original }: { original: string }) => {
  const [, does, times = '0', file = ''] = /<<(\w+):(\d+):(.+?)>>/.exec(readFileSync(original, 'latin1')) ?? [];
  if (!does) return;
  appendFileSync(file, '.');
  if (statSync(file).size > Number(times)) return;
  if (does === 'dies') process.kill(process.pid, 'SIGKILL');
  if (does === 'hangs') for (;;) Bun.sleepSync(1000);
});
await import('../../src/modules/processing/infrastructure/prepare/decoder-child');
