import { expect, test } from 'bun:test';
import { isKnown, maySend } from './preconditions';

const TAG = '"5f"';

test.each(['"5f"', '"other", "5f"', '"a,b","5f"', ' "5f" ', '*', ' * '])('%p names the tag', (header) => {
  expect([isKnown(header, TAG), maySend(header, TAG)]).toEqual([true, true]);
});

test.each(['"a, "5f"', '"a,*,b"', '"a", *', '5f', '"5F"', '"5f', ''])('%p does not name it', (header) => {
  expect([isKnown(header, TAG), maySend(header, TAG)]).toEqual([false, false]);
});

test('a weak tag says that the client has it, and not that it is the same byte for byte', () => {
  for (const header of ['W/"5f"', '"other",W/"5f"'])
    expect([isKnown(header, TAG), maySend(header, TAG)]).toEqual([true, false]);
});

test('without a condition it is sent', () => {
  expect([isKnown(null, TAG), maySend(null, TAG)]).toEqual([false, true]);
});
