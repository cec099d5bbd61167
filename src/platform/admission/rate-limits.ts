import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../../kernel/app-error';

/** `address`: all requests of one client. `user`: calls of one account. `auth`: calls that try passwords or tokens, or make accounts. */
export type Policy = 'address' | 'user' | 'auth';

/** Requests a minute; 0: no limit. */
export type RateQuotas = Readonly<Record<Policy, number>>;

/** What one policy has left for a client. */
export interface Allowance {
  readonly policy: Policy;
  readonly quota: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Told what is left each time something is spent, also when it was too much. */
export type TellAllowance = (allowance: Allowance) => void;

export interface RateLimits {
  /** @throws AppError RATE_LIMITED */
  spend(policy: Policy, key: string, points: number, tell: TellAllowance): Promise<void>;
}

/** A statement on any connection, as pg takes it. */
export interface SharedCounts {
  query(statement: { name?: string; text: string; values?: unknown[] }): Promise<unknown>;
}

export const WINDOW_SECONDS = 60;
const TABLE = 'rate_limits';

/**
 * Counts in windows of a minute. `address` and `user` are counted by each instance for itself, because a statement for every request
 * would cost more than most requests; `auth` by all together, in PostgreSQL. While it cannot be asked, each instance counts `auth` alone
 * (docs/adr/0060-rates-are-counted-where-it-matters.md).
 * @param refused told of each refusal
 */
export function rateLimits(quotas: RateQuotas, shared: SharedCounts, refused: (policy: Policy) => void): RateLimits {
  const limiters = {
    address: inMemory(quotas.address),
    user: inMemory(quotas.user),
    auth: inPostgres(quotas.auth, shared),
  };
  return {
    async spend(policy, key, points, tell) {
      const limiter = limiters[policy];
      if (limiter === null) return;
      const quota = quotas[policy];
      try {
        tell(allowance(policy, quota, await limiter.consume(key, points)));
      } catch (seen) {
        if (!(seen instanceof RateLimiterRes)) throw seen;
        const left = allowance(policy, quota, seen);
        tell({ ...left, remaining: 0 });
        refused(policy);
        throw new AppError('RATE_LIMITED', undefined, {
          retryAfterSeconds: Math.max(1, left.resetSeconds),
          details: { policy },
        });
      }
    },
  };
}

function inMemory(quota: number): RateLimiterMemory | null {
  return quota === 0 ? null : new RateLimiterMemory({ points: quota, duration: WINDOW_SECONDS });
}

/** Once a key has spent its quota, the instance that saw it asks no more until the window is over: a flood costs the database nothing. */
function inPostgres(quota: number, shared: SharedCounts): RateLimiterPostgres | null {
  if (quota === 0) return null;
  return new RateLimiterPostgres({
    storeClient: shared,
    storeType: 'pool',
    tableName: TABLE,
    keyPrefix: 'auth',
    tableCreated: true,
    clearExpiredByTimeout: false, // the sweep does it
    points: quota,
    duration: WINDOW_SECONDS,
    inMemoryBlockOnConsumed: quota,
    insuranceLimiter: new RateLimiterMemory({ points: quota, duration: WINDOW_SECONDS }),
  });
}

function allowance(policy: Policy, quota: number, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance {
  return { policy, quota, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1000) };
}
