import type { Clock } from '../../../kernel/clock';
import { newId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { AccessTokens } from '../domain/access-tokens';
import { newRefreshToken, type RefreshToken, refreshTokenHash } from '../domain/refresh-token';
import { type Device, MOST_SESSIONS, type SessionId } from '../domain/session';
import type { SessionRepository } from '../domain/session-repository';
import type { User } from '../domain/user';

export interface TokenDeps {
  readonly sessions: SessionRepository;
  readonly accessTokens: AccessTokens;
  readonly clock: Clock;
  readonly refreshTokenTtlSeconds: number;
}

/** What a transaction has granted; it becomes tokens once that has committed. */
export interface Grant {
  readonly user: User;
  readonly sessionId: SessionId;
  readonly refreshToken: RefreshToken;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: RefreshToken;
  /** Of the access token, in seconds. */
  readonly expiresIn: number;
  readonly user: User;
}

/**
 * Begins a family of refresh tokens with its first. What the account then has too many of, the last used ones count, is over: a script that
 * logs in for each of its calls would fill the list of sessions without end, and whoever changes the password waits for all of them.
 */
export async function openSession(deps: TokenDeps, tx: Transaction, user: User, device: Device): Promise<Grant> {
  const now = deps.clock();
  const id = newId<SessionId>();
  await deps.sessions.open(tx, { id, createdAt: now, lastUsedAt: now, ...device }, user.id);
  await deps.sessions.keepLastUsed(tx, user.id, MOST_SESSIONS, now);
  return grantInSession(deps, tx, user, id);
}

/** Adds the next refresh token to a family that the transaction has locked or made. */
export async function grantInSession(
  deps: TokenDeps,
  tx: Transaction,
  user: User,
  sessionId: SessionId,
): Promise<Grant> {
  const refreshToken = newRefreshToken();
  const createdAt = deps.clock();
  const expiresAt = new Date(createdAt.getTime() + deps.refreshTokenTtlSeconds * 1000);
  await deps.sessions.addToken(tx, sessionId, { hash: refreshTokenHash(refreshToken), createdAt, expiresAt });
  return { user, sessionId, refreshToken };
}

export async function tokensOf(deps: TokenDeps, { user, sessionId, refreshToken }: Grant): Promise<Tokens> {
  const accessToken = await deps.accessTokens.sign({ userId: user.id, role: user.role, sessionId });
  return { accessToken, refreshToken, expiresIn: deps.accessTokens.ttlSeconds, user };
}
