import type { Branded, UserId } from '../../../kernel/ids';

/** Of one account at once: more than anybody has devices. */
export const MOST_SESSIONS = 100;

/** One login on one device, and the family of all its refresh tokens. */
export type SessionId = Branded<'SessionId'>;

/** Whence a session was last used, as far as the request says. */
export interface Device {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export interface Session extends Device {
  readonly id: SessionId;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** The family that a refresh token belongs to, and the state of both. */
export interface RefreshTokenState {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly revoked: boolean;
  readonly spent: boolean;
  readonly expiresAt: Date;
}

/** What may be done with a refresh token now. Spent counts before expired: its use says that somebody has a copy. */
export function judgeRefreshToken(state: RefreshTokenState, now: Date): 'good' | 'reused' | 'dead' {
  if (state.revoked) return 'dead';
  if (state.spent) return 'reused';
  return state.expiresAt > now ? 'good' : 'dead';
}
