import type { Policy, RateLimits } from '../admission/rate-limits';
import { clientBlock } from './client-address';
import type { Exchange } from './exchange';

/** Whether this client may call the procedure now. @throws AppError RATE_LIMITED */
export type AdmitCall = (procedure: string) => Promise<void>;

const AUTH_ROUTER = 'auth.';
/** Beside the router of logins, what else takes a password: tests/api/rate-limits.test.ts finds what is missing here. */
const AUTH_PROCEDURES = new Set(['users.changePassword']);

export function isAuthProcedure(name: string): boolean {
  return name.startsWith(AUTH_ROUTER) || AUTH_PROCEDURES.has(name);
}

/** Every call of a batch counts. Of `auth` the address and, where there is a token, the account. */
export function callLimits(limits: RateLimits, exchange: Exchange): AdmitCall {
  return async (procedure) => {
    const { userId, address } = exchange;
    if (userId !== null) await spend(limits, exchange, 'user', userId);
    if (!isAuthProcedure(procedure)) return;
    await spend(limits, exchange, 'auth', `address:${clientBlock(address)}`);
    if (userId !== null) await spend(limits, exchange, 'auth', `user:${userId}`);
  };
}

/** What is left is told with the answer. @throws AppError RATE_LIMITED */
export function spend(
  limits: RateLimits,
  { allowances }: Exchange,
  policy: Policy,
  key: string,
  points = 1,
): Promise<void> {
  return limits.spend(policy, key, points, (left) => allowances.set(left.policy, left));
}
