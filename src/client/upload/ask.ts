import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../../container';
import { ForeignAnswer, NoToken } from '../api';
import { orAborted, pause, type Retry } from './retry';

export type ApiError = TRPCClientError<AppRouter>;

export interface Patience {
  readonly retry: Retry;
  /** Whether each request asks for its token anew: then one that was refused may be followed by one that is not. */
  readonly renewsToken: boolean;
}

export interface Asking extends Patience {
  readonly signal: AbortSignal;
}

/** What a call of the API is given. */
interface CallOptions {
  readonly signal: AbortSignal;
  /** With headers of its own, be they none, it travels alone: a batch ends only when all who share it end theirs. */
  readonly context: { readonly headers: Record<string, string> };
}

/** Verification reads every image: slower than any other call. Milliseconds. */
const ANSWERS_WITHIN_MS = 60_000;

/**
 * Calls the API until it answers. Only for calls that may be repeated. A token that ran out on the way is asked for once more.
 * @throws TRPCClientError for a refusal, and for the last failure; what `getToken` throws; `signal.reason`
 */
export async function ask<Answer>(
  { retry, signal, renewsToken }: Asking,
  call: (options: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  let mayRenew = renewsToken;
  for (let failures = 1; ; failures += 1) {
    const late = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    try {
      signal.throwIfAborted();
      const either = AbortSignal.any([signal, late]);
      return await orAborted(either, call({ signal: either, context: { headers: {} } }));
    } catch (caught) {
      signal.throwIfAborted();
      const error = caught === late.reason ? TRPCClientError.from(late.reason) : failureOf(caught);
      const isRenewed = mayRenew && isApiError(error, 'UNAUTHENTICATED');
      if (!(isPassing(error) || isRenewed) || failures >= retry.attempts) throw error;
      if (isRenewed) mayRenew = false;
      await pause(retry, failures, signal, retryAfterMs(error));
    }
  }
}

/** tRPC takes what `getToken` throws for a failure of the call. */
function failureOf(caught: unknown): unknown {
  return isApiError(caught) && caught.cause instanceof NoToken ? caught.cause.cause : caught;
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof TRPCClientError && (code === undefined || (error as ApiError).data?.code === code);
}

/** The server has answered that it did not do it, and would not if it were asked again. */
export function isRefusal(error: unknown): boolean {
  return isApiError(error) && !isPassing(error);
}

/** No answer at all, an answer of something in between (a proxy's 502), or one that says that it passes. */
function isPassing(error: unknown): boolean {
  if (!isApiError(error)) return false;
  const foreign = error.cause instanceof ForeignAnswer ? error.cause.status : undefined;
  const status = error.data?.httpStatus ?? foreign;
  if (status === undefined || status < 400 || status >= 500 || status === 408 || status === 429) return true;
  return error.data?.code === 'IDEMPOTENCY_IN_PROGRESS';
}

function retryAfterMs(error: unknown): number {
  const response = isApiError(error) ? (error.meta?.response as Response | undefined) : undefined;
  const seconds = Number(response?.headers.get('retry-after'));
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
