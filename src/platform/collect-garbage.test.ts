import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { collectGarbage } from './collect-garbage';

const MIB = 1024 * 1024;

test('what nobody holds any more is gone when it returns', () => {
  collectGarbage();
  const before = heapStats().heapSize;
  // 15 MiB as a rule; less where the runtime was just collecting by itself
  expect(litter() - before).toBeGreaterThan(8 * MIB);
  collectGarbage();
  expect(heapStats().heapSize - before).toBeLessThan(4 * MIB);
});

/** @returns the size of the heap while the litter is in it */
function litter(): number {
  const rows = Array.from({ length: 200_000 }, (_, n) => ({ key: `products/${n}`, size: n, more: [n, n + 1] }));
  return rows.length && heapStats().heapSize;
}
