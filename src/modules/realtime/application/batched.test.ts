import { expect, test } from 'bun:test';
import { batched } from './batched';

test('what is asked while a run is under way goes together, in order, and no more than the most at once', async () => {
  const runs: number[][] = [];
  const held = Promise.withResolvers<void>();
  const double = batched<number, number>(async (numbers) => {
    runs.push([...numbers]);
    if (runs.length === 1) await held.promise;
    return numbers.map((number) => number * 2);
  }, 3);
  const first = double(1);
  await Bun.sleep(1);
  const others = [2, 3, 4, 5].map(double);
  held.resolve();
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8, 10]);
  expect(runs).toEqual([[1], [2, 3, 4], [5]]);
});

test('a run that fails fails those who asked in it, and the next is tried', async () => {
  let fails = true;
  const ask = batched<number, number>((numbers) => {
    if (fails) return Promise.reject(new Error('no'));
    return Promise.resolve(numbers);
  }, 10);
  expect((await Promise.allSettled([ask(1), ask(2)])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await ask(3)).toBe(3);
});
