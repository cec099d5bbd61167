import { expect, test } from 'bun:test';
import { hashingQueue } from './hashing-queue';

test('no more run at once than the limits say, no more of one party wait than half of them, and each gets its turn in order', async () => {
  const inTurn = hashingQueue({ atOnce: 2, waiting: 6 });
  const ends: (() => void)[] = [];
  const started: number[] = [];
  const begin = (n: number) =>
    inTurn('one', () => {
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
  const failing = inTurn('one', () => Promise.reject(new Error('no memory')));
  const waiting = inTurn('one', async () => 'done');
  await expect(failing).rejects.toThrow('no memory');
  expect(await waiting).toBe('done');
  expect(await inTurn('one', async () => 'again')).toBe('again');
});

test('parties take turns, and all of them together have no more places than the limits say', async () => {
  const inTurn = hashingQueue({ atOnce: 1, waiting: 4 });
  const ran: string[] = [];
  const work = (party: string, n: number) => inTurn(party, async () => void ran.push(`${party}${n}`));
  const first = inTurn('flood', () => Bun.sleep(5));
  const all = [work('flood', 1), work('flood', 2), work('one', 1), work('other', 1)];
  await expect(work('flood', 3)).rejects.toMatchObject({ code: 'OVERLOADED' });
  await expect(work('third', 1)).rejects.toMatchObject({ code: 'OVERLOADED' });
  await Promise.all([first, ...all]);
  expect(ran).toEqual(['flood1', 'one1', 'other1', 'flood2']);
});
