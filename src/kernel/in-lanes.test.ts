import { expect, test } from 'bun:test';
import { inLanes } from './in-lanes';

async function* numbers(from: number, to: number, onGiven: (n: number) => void = () => undefined) {
  for (let n = from; n < to; n += 1) {
    onGiven(n);
    yield n;
  }
}

test('every item is worked on once, so many at a time, and no more are taken than are worked on', async () => {
  const done: number[] = [];
  let atWork = 0;
  let most = 0;
  let waiting = 0;
  let mostWaiting = 0;
  const items = numbers(0, 50, () => {
    waiting += 1;
    mostWaiting = Math.max(mostWaiting, waiting);
  });
  await inLanes(items, 4, async (n) => {
    atWork += 1;
    most = Math.max(most, atWork);
    await Bun.sleep(Math.random() * 3);
    atWork -= 1;
    waiting -= 1;
    done.push(n);
  });
  expect(done.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect([most, mostWaiting]).toEqual([4, 4]);
});

test('after a failure nothing is begun, what is under way ends, and the failure is told', async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = inLanes(numbers(0, 50), 3, async (n) => {
    begun.push(n);
    await Bun.sleep(n === 1 ? 2 : 10);
    if (n === 1) throw new Error('number one');
    ended += 1;
  });
  await expect(work).rejects.toThrow('number one');
  expect([begun.length, ended]).toEqual([3, 2]);
});

test('a source of items that fails is a failure', async () => {
  const items = numbers(0, 9, (n) => {
    if (n === 5) throw new Error('no more');
  });
  await expect(inLanes(items, 2, async () => undefined)).rejects.toThrow('no more');
});
