import { expect, test } from 'bun:test';
import { estimateTime } from './estimate-time';

const idle = async () => ({ ahead: 0, inHand: 0, averageSeconds: null });

test('an estimate is made once in two seconds, however many ask, and for each phase by itself', async () => {
  let [asked, time] = [0, 0];
  const facts = async () => {
    asked += 1;
    return { ahead: 0, inHand: 0, averageSeconds: asked };
  };
  const estimate = estimateTime(facts, idle, () => time);
  expect(await Promise.all([estimate('processing'), estimate('processing'), estimate('publishing')])).toEqual([
    1, 1, 2,
  ]);
  time = 1999;
  expect(await estimate('processing')).toBe(1);
  time = 2000;
  expect(await estimate('processing')).toBe(3);
});

test('a database that does not answer leaves it unknown: 15 seconds', async () => {
  const estimate = estimateTime(() => Promise.reject(new Error('no connection')), idle);
  expect([await estimate('processing'), await estimate('upload')]).toEqual([15, 15]);
});

test('of an upload it counts what waits to be decoded, too; of what is processed again it does not', async () => {
  const facts = async () => ({ ahead: 0, inHand: 0, averageSeconds: 5 });
  const busy = async () => ({ ahead: 20, inHand: 2, averageSeconds: 3 });
  const estimate = estimateTime(facts, busy);
  expect([await estimate('upload'), await estimate('processing')]).toEqual([5 + 11 * 3, 5]);
});
