import { unlessAborted } from '../../../../kernel/unless-aborted';
import { pause } from '../../../../platform/pause';
import { classify, storageUnavailable } from './s3-faults';

export interface AttemptPolicy {
  readonly retries: number;
  /** How long one attempt may take. Milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

/**
 * Tries until it works, bounded in number and time. Each attempt gets a signal that fires at its deadline, and is abandoned then even
 * if it ignores the signal (a socket that hangs while a body is read).
 * @param attempt `number` is 0 for the first
 * @throws what has a meaning, as it is; AppError STORAGE_UNAVAILABLE for the rest; `signal.reason` when the caller gave up
 */
export async function withAttempts<Result>(
  policy: AttemptPolicy,
  attempt: (signal: AbortSignal, number: number) => Promise<Result>,
): Promise<Result> {
  for (let number = 0; ; number += 1) {
    policy.signal?.throwIfAborted();
    try {
      return await withDeadline(policy, (signal) => attempt(signal, number));
    } catch (error) {
      policy.signal?.throwIfAborted();
      const fault = classify(error);
      if (fault === 'meaningful') throw error;
      if (fault === 'final' || number >= policy.retries) {
        throw storageUnavailable(error);
      }
      await pause(backoffMs(number), policy.signal);
    }
  }
}

async function withDeadline<Result>(
  policy: AttemptPolicy,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort(policy.signal?.reason);
  const timer = setTimeout(() => controller.abort(new AttemptTimedOut(policy.deadlineMs)), policy.deadlineMs);
  policy.signal?.addEventListener('abort', abort, { once: true });
  try {
    return await unlessAborted(controller.signal, work(controller.signal));
  } finally {
    clearTimeout(timer);
    policy.signal?.removeEventListener('abort', abort);
  }
}

/** Full jitter: callers that failed together do not come back together. */
function backoffMs(number: number): number {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** number);
}

export class AttemptTimedOut extends Error {
  override readonly name = 'AttemptTimedOut';
  constructor(afterMs: number) {
    super(`no complete answer after ${afterMs} ms`);
  }
}
