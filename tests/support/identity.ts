import { type IdentityConfig, identityModule } from '../../src/modules/identity';
import type { Database } from '../../src/platform/database/database';
import { transactionsOf } from '../../src/platform/database/transaction';
import { callerFactory, router } from '../../src/platform/http/procedures';
import type { RequestContext } from '../../src/platform/http/request-context';
import { silentLog } from './log';

export const LOGIN_LIMITS = { freeFailures: 10, accountFailures: 100, longestWaitSeconds: 900 };

const testIdentityConfig: IdentityConfig = {
  jwtSecret: 'a secret of the tests, 32 characters or more',
  jwtIssuer: 'intellipost',
  jwtAudience: 'intellipost-product-store',
  accessTokenTtlSeconds: 900,
  refreshTokenTtlSeconds: 3600,
  registrationEnabled: true,
  loginLimits: LOGIN_LIMITS,
};

export const PASSWORD = 'correct horse battery';

/** Identity as the server runs it, with a clock that tests move; procedures are called as a door would. */
export function testIdentity(database: Database, change: Partial<IdentityConfig> = {}) {
  const time = { offsetMs: 0 };
  const { routers, authenticate, operator } = identityModule({
    database,
    inTransaction: transactionsOf(database),
    clock: () => new Date(Date.now() + time.offsetMs),
    config: { ...testIdentityConfig, ...change },
    log: silentLog,
  });
  const callerOf = callerFactory(router(routers));
  const as = async (accessToken: string | null, from: Partial<RequestContext> = {}) =>
    callerOf({ ...contextOf(from), principal: await authenticate(accessToken) });
  const register = async (email: string) => (await as(null)).auth.register({ email, password: PASSWORD });
  const logIn = async (email: string, password = PASSWORD, from: Partial<RequestContext> = {}) =>
    (await as(null, from)).auth.login({ email, password });
  const refresh = async (refresh_token: string) => (await as(null)).auth.refresh({ refresh_token });
  return { time, authenticate, operator, as, register, logIn, refresh };
}

function contextOf(from: Partial<RequestContext>): RequestContext {
  return {
    requestId: 'test',
    principal: null,
    ip: '203.0.113.7',
    userAgent: 'tests',
    headers: new Headers(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
    admitCall: () => Promise.resolve(),
    log: silentLog,
    ...from,
  };
}

/** The code that a client would read; `answered` when there was no error. */
export async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'answered';
  } catch (error) {
    return ((error as Error).cause as { code: string }).code;
  }
}
