import { AppError } from '../../../kernel/app-error';
import type { Log } from '../../../kernel/log';
import type { InTransaction, Transaction } from '../../../kernel/transaction';
import { refreshTokenHash } from '../domain/refresh-token';
import { type Device, judgeRefreshToken, type RefreshTokenState } from '../domain/session';
import type { UserRepository } from '../domain/user-repository';
import { type Grant, grantInSession, type TokenDeps, type Tokens, tokensOf } from './tokens';

export interface RefreshDeps extends TokenDeps {
  readonly users: UserRepository;
  readonly inTransaction: InTransaction;
  readonly log: Log;
}

export type Refresh = (refreshToken: string, device: Device) => Promise<Tokens>;

/**
 * Trades a refresh token for new tokens. One that was spent before is in two hands: its whole family is revoked.
 * @throws UNAUTHENTICATED alike for an unknown, expired, revoked and spent one
 * @see RFC 9700, 4.14.2
 */
export const refresh =
  (deps: RefreshDeps): Refresh =>
  async (refreshToken, device) => {
    // Refusals are returned, not thrown: a throw would roll the revocation back.
    const grant = await deps.inTransaction(async (tx) => {
      const state = await deps.sessions.lockFamily(tx, refreshTokenHash(refreshToken));
      return state && answerTo(deps, tx, state, device);
    });
    if (!grant) throw new AppError('UNAUTHENTICATED', 'The refresh token is not valid.');
    return tokensOf(deps, grant);
  };

async function answerTo(
  deps: RefreshDeps,
  tx: Transaction,
  state: RefreshTokenState,
  device: Device,
): Promise<Grant | null> {
  const { sessionId, userId } = state;
  const now = deps.clock();
  const judgement = judgeRefreshToken(state, now);
  if (judgement === 'reused') {
    await deps.sessions.revoke(tx, sessionId, now);
    deps.log.warn({ user_id: userId, session_id: sessionId }, 'a spent refresh token came again: session revoked');
  }
  if (judgement !== 'good') return null;
  const user = await deps.users.findById(userId, tx);
  if (!user) return null;
  await deps.sessions.use(tx, sessionId, device, now);
  return grantInSession(deps, tx, user, sessionId);
}
