import { expect, test } from 'bun:test';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from './log';

const canBeFull = process.platform === 'linux';
const LOG = join(import.meta.dir, 'log.ts');

test.if(canBeFull)(
  'where the log cannot be written, whoever logs goes on, and memory does not grow with it',
  async () => {
    const program = `
    import { createLog } from ${JSON.stringify(LOG)};
    const log = createLog('info');
    for (let line = 0; line < 100_000; line += 1) log.info({ line }, 'x'.repeat(500));
    console.error('went on', process.memoryUsage().rss < 250e6);`;
    const full = openSync('/dev/full', 'w');
    const child = Bun.spawn([process.execPath, '-e', program], { stdin: 'ignore', stdout: full, stderr: 'pipe' });
    expect(await new Response(child.stderr).text()).toBe('went on true\n');
    expect(await child.exited).toBe(0);
  },
);

test('a line under the level is never made: its fields are not even looked at', () => {
  const log = createLog('error');
  const fields = {
    get looked(): never {
      throw new Error('at');
    },
  };
  for (const level of ['debug', 'info', 'warn'] as const) expect(() => log[level](fields, 'line')).not.toThrow();
});
