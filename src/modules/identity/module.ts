import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { InTransaction } from '../../kernel/transaction';
import type { Database } from '../../platform/database/database';
import { authRouter } from './api/auth-router';
import { usersRouter } from './api/users-router';
import { authenticate, restoredPrincipal } from './application/authenticate';
import { changePassword } from './application/change-password';
import { logIn } from './application/log-in';
import { logOut } from './application/log-out';
import { me } from './application/me';
import { actAs, issueToken } from './application/operator/act-as';
import { createUser } from './application/operator/create-user';
import { findAccount } from './application/operator/find-account';
import { setPassword } from './application/operator/set-password';
import { refresh } from './application/refresh';
import { register } from './application/register';
import { listSessions, revokeSession } from './application/sessions';
import type { LoginLimits } from './domain/login-failures';
import type { SessionId } from './domain/session';
import { argon2PasswordHasher } from './infrastructure/argon2-password-hasher';
import { createAccessTokens } from './infrastructure/jwt-access-tokens';
import { isListedPassword } from './infrastructure/listed-passwords';
import { postgresLoginFailures } from './infrastructure/postgres-login-failures';
import { postgresSessions } from './infrastructure/postgres-sessions';
import { postgresUsers } from './infrastructure/postgres-users';

export interface IdentityConfig {
  readonly jwtSecret: string;
  readonly jwtSecretPrevious?: string | undefined;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
  readonly accessTokenTtlSeconds: number;
  readonly refreshTokenTtlSeconds: number;
  readonly registrationEnabled: boolean;
  readonly loginLimits: LoginLimits;
}

export interface IdentityParts {
  readonly database: Database;
  readonly inTransaction: InTransaction;
  readonly clock: Clock;
  readonly config: IdentityConfig;
  readonly log: Log;
}

type Deps = ReturnType<typeof depsOf>;

/** Part of the composition root: identity on its own infrastructure. */
export function identityModule(parts: IdentityParts) {
  const deps = depsOf(parts);
  return {
    routers: { auth: authRouter(authUseCases(deps)), users: usersRouter(usersUseCases(deps)) },
    authenticate: authenticate(deps),
    expiryOf: deps.accessTokens.expiryOf,
    restored: restoredPrincipal,
    liveSessions: (ids: readonly string[]): Promise<ReadonlySet<string>> => deps.sessions.live(ids as SessionId[]),
    operator: operatorUseCases(deps),
  };
}

function depsOf({ database, inTransaction, clock, config, log }: IdentityParts) {
  return {
    users: postgresUsers(database),
    sessions: postgresSessions(database),
    hasher: argon2PasswordHasher(),
    failures: postgresLoginFailures(database.orm, config.loginLimits),
    isCommonPassword: isListedPassword,
    accessTokens: createAccessTokens({
      secret: config.jwtSecret,
      previousSecret: config.jwtSecretPrevious,
      issuer: config.jwtIssuer,
      audience: config.jwtAudience,
      ttlSeconds: config.accessTokenTtlSeconds,
      clock,
    }),
    refreshTokenTtlSeconds: config.refreshTokenTtlSeconds,
    registrationEnabled: config.registrationEnabled,
    inTransaction,
    clock,
    log,
  };
}

function authUseCases(deps: Deps) {
  return { register: register(deps), logIn: logIn(deps), refresh: refresh(deps), logOut: logOut(deps) };
}

function usersUseCases(deps: Deps) {
  return {
    me: me(deps),
    changePassword: changePassword(deps),
    listSessions: listSessions(deps),
    revokeSession: revokeSession(deps),
  };
}

function operatorUseCases(deps: Deps) {
  const create = createUser(deps);
  const find = findAccount({ users: deps.users, createUser: create });
  return {
    createUser: create,
    listUsers: () => deps.users.list(),
    setPassword: setPassword({ ...deps, findAccount: find }),
    issueToken: issueToken({ accessTokens: deps.accessTokens, findAccount: find }),
    actAs: actAs({ findAccount: find }),
  };
}
