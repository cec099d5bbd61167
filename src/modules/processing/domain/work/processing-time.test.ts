import { expect, test } from 'bun:test';
import { processingTime, uploadTime } from './processing-time';

test('15 seconds are told where nothing has been completed yet', () => {
  expect(processingTime({ ahead: 1000, inHand: 3, averageSeconds: null })).toBe(15);
});

test('an empty queue takes as long as the last ones took', () => {
  expect(processingTime({ ahead: 0, inHand: 0, averageSeconds: 7.2 })).toBe(8);
});

test('a longer queue takes longer, and more workers make it shorter', () => {
  expect(processingTime({ ahead: 10, inHand: 1, averageSeconds: 2 })).toBe(22);
  expect(processingTime({ ahead: 10, inHand: 5, averageSeconds: 2 })).toBe(6);
});

test('it is a whole number between a second and a day', () => {
  expect(processingTime({ ahead: 0, inHand: 1, averageSeconds: 0.01 })).toBe(1);
  expect(processingTime({ ahead: 1e9, inHand: 1, averageSeconds: 60 })).toBe(86_400);
});

test('what is uploaded waits for the photos before it to be decoded, too', () => {
  const processing = { ahead: 10, inHand: 5, averageSeconds: 2 };
  expect(uploadTime({ ahead: 300, inHand: 2, averageSeconds: 3 }, processing)).toBe(6 + 151 * 3);
  expect(uploadTime({ ahead: 300, inHand: 2, averageSeconds: null }, processing)).toBe(6);
  expect(uploadTime({ ahead: 300, inHand: 2, averageSeconds: 3 }, { ...processing, averageSeconds: null })).toBe(15);
});
