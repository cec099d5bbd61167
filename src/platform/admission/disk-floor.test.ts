import { expect, test } from 'bun:test';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { diskFloor } from './disk-floor';

const free = () => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
};
// others write to the same disk meanwhile
const SOME = 2 ** 30;

test('what leaves less than the floor is refused, and told', () => {
  let refusals = 0;
  const require = diskFloor(tmpdir(), SOME, () => (refusals += 1));
  require(0);
  expect(() => require(free())).toThrow(expect.objectContaining({ code: 'OVERLOADED', retryAfterSeconds: 30 }));
  expect(refusals).toBe(1);
});

test('without a floor nothing is asked', () => {
  diskFloor('/there/is/no/such/folder', 0, () => undefined)(Number.MAX_SAFE_INTEGER);
});
