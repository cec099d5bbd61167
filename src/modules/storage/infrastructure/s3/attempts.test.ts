import { describe, expect, test } from 'bun:test';
import { AppError, isAppError } from '../../../../kernel/app-error';
import { objectKey } from '../../../../kernel/object-key';
import { ObjectExists } from '../../domain/store-errors';
import { withAttempts } from './attempts';
import { S3Refusal } from './s3-faults';

const policy = { retries: 2, deadlineMs: 100 };

function failingWith(...errors: unknown[]) {
  const numbers: number[] = [];
  const attempt = async (_signal: AbortSignal, number: number) => {
    numbers.push(number);
    if (number < errors.length) throw errors[number];
    return 'done';
  };
  return { attempt, numbers };
}

const networkError = () => Object.assign(new TypeError('socket closed'), { code: 'ECONNRESET' });
const thrownBy = (work: Promise<unknown>) => work.catch((thrown: unknown) => thrown);

describe('attempts', () => {
  test('go on after what passes: the network, 5xx, throttling', async () => {
    for (const error of [networkError(), new S3Refusal(503, 'SlowDown'), new S3Refusal(429, ''), new Error('odd')]) {
      const { attempt, numbers } = failingWith(error);
      expect(await withAttempts(policy, attempt)).toBe('done');
      expect(numbers).toEqual([0, 1]);
    }
  });

  test('end after the retries with STORAGE_UNAVAILABLE, the last error for the log alone', async () => {
    const { attempt, numbers } = failingWith(networkError(), networkError(), new S3Refusal(500, 'InternalError'), 1);
    const error = await thrownBy(withAttempts(policy, attempt));
    expect(isAppError(error, 'STORAGE_UNAVAILABLE') && error.cause).toMatchObject({
      status: 500,
      code: 'InternalError',
    });
    expect(numbers).toEqual([0, 1, 2]);
  });

  test('do not repeat what will be refused again', async () => {
    const { attempt, numbers } = failingWith(new S3Refusal(403, 'AccessDenied'));
    expect(isAppError(await thrownBy(withAttempts(policy, attempt)), 'STORAGE_UNAVAILABLE')).toBe(true);
    expect(numbers).toEqual([0]);
  });

  test('pass on what has a meaning to the caller', async () => {
    for (const error of [new ObjectExists(objectKey('a')), new TypeError('not a key'), new AppError('CONFLICT')]) {
      expect(await thrownBy(withAttempts(policy, failingWith(error).attempt))).toBe(error);
    }
  });

  test('are abandoned at their deadline even if they ignore the signal', async () => {
    const error = await thrownBy(withAttempts(policy, () => new Promise(() => undefined)));
    expect(isAppError(error, 'STORAGE_UNAVAILABLE')).toBe(true);
  });

  test('stop at once, with the reason, when the caller gives up', async () => {
    const caller = new AbortController();
    const reason = new Error('the client went away');
    const seen: AbortSignal[] = [];
    const work = withAttempts({ retries: 5, deadlineMs: 60_000, signal: caller.signal }, (signal) => {
      seen.push(signal);
      return new Promise(() => undefined);
    });
    setTimeout(() => caller.abort(reason), 20);
    expect(await thrownBy(work)).toBe(reason);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.aborted).toBe(true);
  });
});
