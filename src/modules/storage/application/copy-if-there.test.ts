import { expect, test } from 'bun:test';
import { AppError } from '../../../kernel/app-error';
import type { ObjectKey } from '../../../kernel/object-key';
import { sha256OfBytes } from '../../../kernel/sha256';
import type { ObjectHead } from '../domain/object-store';
import { ObjectMissing } from '../domain/store-errors';
import { copyIfThere } from './copy-if-there';

const [from, to] = ['a/from.jpg', 'a/to.jpg'] as ObjectKey[] as [ObjectKey, ObjectKey];
const failing = (error: unknown, there: boolean) =>
  copyIfThere({ copy: () => Promise.reject(error), head: async () => (there ? ({} as ObjectHead) : null) })(from, to);

test('a copy of an object that is there is made', async () => {
  const copied: unknown[] = [];
  const store: Parameters<typeof copyIfThere>[0] = {
    copy: async (...asked) => void copied.push(asked),
    head: async () => null,
  };
  const expected = { sha256: sha256OfBytes('bytes'), sizeBytes: 5 };
  expect(await copyIfThere(store)(from, to, expected)).toBe(true);
  expect(copied).toEqual([[from, to, expected]]);
});

test('a copy of an object that is not there, or goes while it is copied, is told from one that fails', async () => {
  const outage = new AppError('STORAGE_UNAVAILABLE');
  expect(await failing(new ObjectMissing(from), false)).toBe(false);
  expect(await failing(outage, false)).toBe(false);
  expect(failing(outage, true)).rejects.toBe(outage);
});
