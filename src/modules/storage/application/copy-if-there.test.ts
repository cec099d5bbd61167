import { expect, test } from 'bun:test';
import { AppError } from '../../../kernel/app-error';
import type { ObjectKey } from '../../../kernel/object-key';
import type { ObjectHead } from '../domain/object-store';
import { ObjectMissing } from '../domain/store-errors';
import { copyIfThere } from './copy-if-there';

const [from, to] = ['a/from.jpg', 'a/to.jpg'] as ObjectKey[] as [ObjectKey, ObjectKey];
const failing = (error: unknown, there: boolean) =>
  copyIfThere({ copy: () => Promise.reject(error), head: async () => (there ? ({} as ObjectHead) : null) })(from, to);

test('a copy of an object that is there is made', async () => {
  const copied: ObjectKey[] = [];
  const store = { copy: async (...keys: ObjectKey[]) => void copied.push(...keys), head: async () => null };
  expect(await copyIfThere(store)(from, to)).toBe(true);
  expect(copied).toEqual([from, to]);
});

test('a copy of an object that is not there, or goes while it is copied, is told from one that fails', async () => {
  const outage = new AppError('STORAGE_UNAVAILABLE');
  expect(await failing(new ObjectMissing(from), false)).toBe(false);
  expect(await failing(outage, false)).toBe(false);
  expect(failing(outage, true)).rejects.toBe(outage);
});
