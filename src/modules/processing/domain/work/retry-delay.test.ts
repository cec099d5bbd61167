import { expect, test } from 'bun:test';
import { retryDelaySeconds } from './retry-delay';

test('a failed item waits twice as long after each attempt, and never longer than an hour', () => {
  expect([1, 2, 3].map((attempt) => retryDelaySeconds(10, attempt))).toEqual([10, 20, 40]);
  expect(retryDelaySeconds(10, 30)).toBe(3600);
});
