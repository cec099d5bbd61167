import type { UserId } from '../../../kernel/ids';
import type { Sha256 } from '../../../kernel/sha256';
import type { Transaction } from '../../../kernel/transaction';
import type { Device, RefreshTokenState, Session, SessionId } from './session';

export interface NewRefreshToken {
  readonly hash: Sha256;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Sessions and their refresh tokens. Times are the caller's. */
export interface SessionRepository {
  open(tx: Transaction, session: Session, userId: UserId): Promise<void>;
  addToken(tx: Transaction, sessionId: SessionId, token: NewRefreshToken): Promise<void>;
  /**
   * The state of a token, read after its family has been locked until the transaction ends: of two that come with the same
   * token the second sees what the first did. Null for an unknown token.
   */
  lockFamily(tx: Transaction, hash: Sha256): Promise<RefreshTokenState | null>;
  /** Spends every token of the family that isn't spent, and notes the use. False when the family is revoked or gone. */
  use(tx: Transaction, sessionId: SessionId, device: Device, at: Date): Promise<boolean>;
  /** Nothing of the family is good any more. Safe to repeat. */
  revoke(tx: Transaction, sessionId: SessionId, at: Date): Promise<void>;
  /** False when the user has no such session that isn't revoked. */
  revokeOwn(tx: Transaction, userId: UserId, sessionId: SessionId, at: Date): Promise<boolean>;
  /** @param except stays as it is; null: every session goes */
  revokeAll(tx: Transaction, userId: UserId, except: SessionId | null, at: Date): Promise<void>;
  /** Revokes all but so many that were last used, each unless somebody else is at it just now. */
  keepLastUsed(tx: Transaction, userId: UserId, kept: number, at: Date): Promise<void>;
  /** Those of these that are neither revoked nor gone. */
  live(ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>>;
  /**
   * Whether the user has, or had of late, a session that was last used from there: from the same address, of IPv6 the same /64.
   * @param userId null where there is no such user: takes as long, and answers false
   */
  usedFrom(userId: UserId | null, ip: string | null): Promise<boolean>;
  /** Those that can still be refreshed, last used first, so many at most. */
  listActive(userId: UserId, now: Date, limit: number): Promise<Session[]>;
}
