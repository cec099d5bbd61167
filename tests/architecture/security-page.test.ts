import { expect, test } from 'bun:test';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dir, '../..');

test('every row of the threat model names tests, and each of them exists', async () => {
  const page = await Bun.file(join(REPOSITORY, 'SECURITY.md')).text();
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who |'));
  expect(rows.length).toBeGreaterThan(12);
  for (const row of rows) {
    const [, who, , , tests = ''] = row.split('|');
    const named = [...tests.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path = '']) => path);
    expect([who, named.length > 0]).toEqual([who, true]);
    for (const path of named) expect([path, await Bun.file(join(REPOSITORY, path)).exists()]).toEqual([path, true]);
  }
});
