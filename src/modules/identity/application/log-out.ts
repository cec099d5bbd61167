import { AppError } from '../../../kernel/app-error';
import type { Clock } from '../../../kernel/clock';
import type { Principal } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import { refreshTokenHash } from '../domain/refresh-token';
import type { SessionId } from '../domain/session';
import type { SessionRepository } from '../domain/session-repository';

export interface LogOutDeps {
  readonly sessions: SessionRepository;
  readonly inTransaction: InTransaction;
  readonly clock: Clock;
}

export type LogOut = (by: { principal: Principal | null; refreshToken: string | null }) => Promise<void>;

/**
 * Revokes the family of the refresh token, or of the access token where there is none. An unknown refresh token is as good
 * as logged out. @throws UNAUTHENTICATED without either
 */
export const logOut =
  (deps: LogOutDeps): LogOut =>
  async ({ principal, refreshToken }) => {
    if (refreshToken === null && !principal) throw new AppError('UNAUTHENTICATED');
    await deps.inTransaction(async (tx) => {
      const sessionId =
        refreshToken === null
          ? (principal?.sessionId as SessionId | undefined)
          : (await deps.sessions.lockFamily(tx, refreshTokenHash(refreshToken)))?.sessionId;
      if (sessionId !== undefined) await deps.sessions.revoke(tx, sessionId, deps.clock());
    });
  };
