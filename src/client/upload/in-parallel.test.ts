import { expect, test } from 'bun:test';
import { inParallel } from './in-parallel';

const never = new AbortController().signal;

test('works on every item, no more than so many at once', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await inParallel(3, [1, 2, 3, 4, 5, 6, 7], never, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await Bun.sleep(5);
    running -= 1;
    done.push(item);
  });
  expect(most).toBe(3);
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('the first failure ends the others, and nothing new is begun', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number, signal: AbortSignal) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
  };
  const all = inParallel(2, [1, 2, 3, 4], never, (item, signal) => work(item, signal).finally(() => ended.push(item)));
  await expect(all).rejects.toThrow('the first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([1, 2]);
});

test('the caller may end it, and hears their own reason', async () => {
  const caller = new AbortController();
  const begun: number[] = [];
  const all = inParallel(1, [1, 2], caller.signal, async (item) => {
    begun.push(item);
    caller.abort(new Error('enough'));
  });
  await expect(all).rejects.toThrow('enough');
  expect(begun).toEqual([1]);
});

test('of nothing is done at once, and a concurrency below one, or none at all, still works', async () => {
  await inParallel(3, [], never, () => Promise.reject(new Error('never called')));
  for (const concurrency of [0, -1, Number.NaN]) {
    const done: number[] = [];
    await inParallel(concurrency, [1, 2], never, async (item) => void done.push(item));
    expect(done).toEqual([1, 2]);
  }
});
