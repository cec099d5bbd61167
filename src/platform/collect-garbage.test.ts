import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { collectGarbage } from './collect-garbage';

test('what nobody holds any more is gone when it returns', () => {
  const before = litter();
  collectGarbage();
  expect(before - heapStats().heapSize).toBeGreaterThan(15 * 1024 * 1024);
});

/** @returns the size of the heap while the litter is in it */
function litter(): number {
  const rows = Array.from({ length: 200_000 }, (_, n) => ({ key: `products/${n}`, size: n, more: [n, n + 1] }));
  return rows.length && heapStats().heapSize;
}
