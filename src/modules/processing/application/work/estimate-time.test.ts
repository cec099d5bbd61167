import { expect, test } from 'bun:test';
import { estimateTime } from './estimate-time';

test('an estimate is made once in two seconds, however many ask, and for each phase by itself', async () => {
  let [asked, time] = [0, 0];
  const facts = async () => {
    asked += 1;
    return { ahead: 0, inHand: 0, averageSeconds: asked };
  };
  const estimate = estimateTime(facts, () => time);
  expect(await Promise.all([estimate('processing'), estimate('processing'), estimate('publishing')])).toEqual([
    1, 1, 2,
  ]);
  time = 1999;
  expect(await estimate('processing')).toBe(1);
  time = 2000;
  expect(await estimate('processing')).toBe(3);
});

test('a database that does not answer leaves it unknown: 15 seconds', async () => {
  const estimate = estimateTime(() => Promise.reject(new Error('no connection')));
  expect(await estimate('processing')).toBe(15);
});
