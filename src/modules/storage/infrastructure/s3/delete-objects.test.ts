import { describe, expect, test } from 'bun:test';
import { isAppError } from '../../../../kernel/app-error';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../../kernel/objects-not-deleted';
import { deleteObjects } from './delete-objects';
import type { RequestParts } from './object-requests';

const policy = { retries: 2, deadlineMs: 1000 };
const keys = Array.from({ length: 1500 }, (_, at) => objectKey(`products/${at}.jpg`));
const [FIRST, SECOND] = keys as [ObjectKey, ObjectKey];

/** A store that answers each DeleteObjects with what `codeOf` says of its keys; `asked` has how many each was about. */
function answering(codeOf: (key: string, request: number) => string | null | Error) {
  const asked: number[] = [];
  const send = async ({ input }: { input: { Delete: { Objects: { Key: string }[] } } }) => {
    const { Objects } = input.Delete;
    asked.push(Objects.length);
    const said = Objects.map(({ Key }) => ({ Key, Code: codeOf(Key, asked.length) }));
    for (const { Code } of said) if (Code instanceof Error) throw Code;
    return { Errors: said.filter(({ Code }) => Code !== null) };
  };
  return { asked, parts: { client: { send }, config: { bucket: 'photos' } } as unknown as RequestParts };
}

const failureOf = (work: Promise<void>) => work.then(() => null).catch((error: unknown) => error);

describe('the deletion of many objects', () => {
  test('deletes all but the one that may not be deleted, and names it', async () => {
    const { asked, parts } = answering((key) => (key === FIRST ? 'AccessDenied' : null));
    const failure = await failureOf(deleteObjects(parts, policy, keys));
    expect(failure).toBeInstanceOf(ObjectsNotDeleted);
    expect([...(failure as ObjectsNotDeleted).keys]).toEqual([FIRST]);
    expect(Bun.inspect(failure)).not.toContain(FIRST);
    expect(asked).toEqual([1000, 500]);
  });

  test('asks again for those alone that may go with time', async () => {
    const { asked, parts } = answering((key, request) => (key === SECOND && request < 3 ? 'InternalError' : null));
    await deleteObjects(parts, policy, keys.slice(0, 10));
    expect(asked).toEqual([10, 1, 1]);
  });

  test('is an outage where the store gives no answer in the end, whatever it had said before', async () => {
    const { parts } = answering((key, request) => {
      if (request > 1) return Object.assign(new TypeError('closed'), { code: 'ECONNRESET' });
      return key === FIRST ? 'SlowDown' : null;
    });
    const failure = await failureOf(deleteObjects(parts, policy, keys.slice(0, 10)));
    expect(isAppError(failure, 'STORAGE_UNAVAILABLE')).toBe(true);
    expect(failure).not.toBeInstanceOf(ObjectsNotDeleted);
  });

  test('is no deletion of anything where the store does not say what it has kept', async () => {
    const send = async () => ({ Errors: [{ Code: 'InternalError' }] });
    const parts = { client: { send }, config: { bucket: 'photos' } } as unknown as RequestParts;
    const failure = await failureOf(deleteObjects(parts, { ...policy, retries: 0 }, keys.slice(0, 3)));
    expect(isAppError(failure, 'STORAGE_UNAVAILABLE')).toBe(true);
    expect(failure).not.toBeInstanceOf(ObjectsNotDeleted);
  });

  test('takes one that is not there for deleted', async () => {
    const { parts } = answering(() => 'NoSuchKey');
    await deleteObjects(parts, policy, keys.slice(0, 3));
  });
});
