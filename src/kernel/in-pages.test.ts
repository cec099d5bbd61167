import { expect, test } from 'bun:test';
import { inPages } from './in-pages';

async function* numbers(count: number) {
  for (let n = 1; n <= count; n += 1) yield n;
}

test.each([
  [0, []],
  [2, [[1, 2]]],
  [3, [[1, 2], [3]]],
  [
    4,
    [
      [1, 2],
      [3, 4],
    ],
  ],
])('%i items come two at a time, and no page is empty', async (count, pages) => {
  expect(await Array.fromAsync(inPages(numbers(count), 2))).toEqual(pages as number[][]);
});
