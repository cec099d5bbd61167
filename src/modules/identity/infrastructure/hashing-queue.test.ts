import { expect, test } from 'bun:test';
import { hashingQueue } from './hashing-queue';

test('no more run at once and no more wait than the limits say, and each gets its turn in order', async () => {
  const inTurn = hashingQueue({ atOnce: 2, waiting: 3 });
  const ends: (() => void)[] = [];
  const started: number[] = [];
  const begin = (n: number) =>
    inTurn(() => {
      started.push(n);
      return new Promise<number>((resolve) => ends.push(() => resolve(n)));
    });
  const all = [1, 2, 3, 4, 5].map(begin);
  await expect(begin(6)).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 5 });
  expect(started).toEqual([1, 2]);
  for (const n of [1, 2, 3, 4, 5]) {
    ends.shift()?.();
    expect(await all[n - 1]).toBe(n);
    await Bun.sleep(0);
    expect(started.length).toBe(Math.min(5, n + 2));
  }
  expect(started).toEqual([1, 2, 3, 4, 5]);
});

test('work that fails gives its turn back', async () => {
  const inTurn = hashingQueue({ atOnce: 1, waiting: 1 });
  const failing = inTurn(() => Promise.reject(new Error('no memory')));
  const waiting = inTurn(async () => 'done');
  await expect(failing).rejects.toThrow('no memory');
  expect(await waiting).toBe('done');
  expect(await inTurn(async () => 'again')).toBe('again');
});
