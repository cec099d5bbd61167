import { describe, expect, test } from 'bun:test';
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { isAppError } from '../../../../kernel/app-error';
import { abortMultipartUploads } from './multipart-uploads';
import type { RequestParts } from './object-requests';
import { S3Refusal } from './s3-faults';

const policy = { retries: 0, deadlineMs: 1000 };
const OLD = new Date('2001-01-01');

/** A store with these uploads, of which each page has one; `next` says where the page behind it begins. */
function store(
  keys: readonly string[],
  next: (at: number) => string | undefined,
  refuses: (key: string) => unknown = () => null,
) {
  const asked: (string | undefined)[] = [];
  const aborted: string[] = [];
  const send = async (command: unknown) => {
    if (command instanceof ListMultipartUploadsCommand) {
      const { KeyMarker } = command.input;
      asked.push(KeyMarker);
      if (asked.length > 10) throw new Error('it asks for ever');
      const at = KeyMarker === undefined ? 0 : Number(KeyMarker);
      const isLast = at + 1 === keys.length;
      const Uploads = [{ Key: keys[at], UploadId: String(at), Initiated: OLD }];
      return { Uploads, IsTruncated: !isLast, NextKeyMarker: next(at + 1) };
    }
    if (!(command instanceof AbortMultipartUploadCommand)) throw new Error('another request');
    const { Key = '' } = command.input;
    const refusal = refuses(Key);
    if (refusal) throw refusal;
    aborted.push(Key);
    return {};
  };
  return { asked, aborted, parts: { client: { send }, config: { bucket: 'photos' } } as unknown as RequestParts };
}

const abortAll = (parts: RequestParts) => abortMultipartUploads(parts, policy, new Date());

describe('uploads that were never completed', () => {
  test('are aborted page by page, those of others not', async () => {
    const { aborted, parts } = store(['products/a', 'theirs/b', 'held/c'], String);
    expect(await abortAll(parts)).toBe(2);
    expect(aborted).toEqual(['products/a', 'held/c']);
  });

  test('are asked for once where the store does not say where its next page begins', async () => {
    const { asked, parts } = store(['products/a', 'products/b'], () => undefined);
    expect(await abortAll(parts)).toBe(1);
    expect(asked).toEqual([undefined]);
  });

  test('are aborted though the store refuses one, which fails the step at its end', async () => {
    const refuses = (key: string) => (key === 'products/a' ? new S3Refusal(403, 'AccessDenied') : null);
    const { aborted, parts } = store(['products/a', 'products/b'], String, refuses);
    const failure = await abortAll(parts).catch((error: unknown) => error);
    expect(isAppError(failure, 'STORAGE_UNAVAILABLE')).toBe(true);
    expect(aborted).toEqual(['products/b']);
  });

  test('are left where the store does not answer', async () => {
    const refuses = () => Object.assign(new TypeError('closed'), { code: 'ECONNRESET' });
    const { asked, parts } = store(['products/a', 'products/b'], String, refuses);
    await expect(abortAll(parts)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(asked).toHaveLength(1);
  });
});
