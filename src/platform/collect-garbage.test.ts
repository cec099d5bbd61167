import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { collectGarbage } from './collect-garbage';

/** In a process of its own: in that of the tests, others' garbage comes and goes meanwhile. Prints how many bytes went. */
const LITTER_AND_COLLECT = `
  const { heapStats } = await import('bun:jsc');
  const { collectGarbage } = await import(process.argv[1]);
  const litter = () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => ({ key: 'products/' + n, size: n, more: [n, n + 1] }));
    return rows.length && heapStats().heapSize;
  };
  const before = litter();
  collectGarbage();
  console.log(before - heapStats().heapSize);
`;

test('what nobody holds any more is gone when it returns', async () => {
  const script = join(import.meta.dir, 'collect-garbage.ts');
  const child = Bun.spawn([process.execPath, '-e', LITTER_AND_COLLECT, script], { stdout: 'pipe' });
  expect(Number(await new Response(child.stdout).text())).toBeGreaterThan(15 * 1024 * 1024);
  expect(await child.exited).toBe(0);
});

test('nothing that is held goes', () => {
  const held = { key: 'products/1' };
  const seen = new WeakRef(held);
  collectGarbage();
  expect(seen.deref()).toBe(held);
});
