import type { UserId } from '../../../kernel/ids';
import type { Role } from '../../../kernel/principal';
import type { SessionId } from './session';

export interface Claims {
  readonly userId: UserId;
  readonly role: Role;
  /** Absent in a token that an operator made. */
  readonly sessionId?: SessionId;
}

/** Signed claims that live for `ttlSeconds` and are believed without a look into the database. */
export interface AccessTokens {
  readonly ttlSeconds: number;
  sign(claims: Claims): Promise<string>;
  /** Null for whatever isn't a living token of ours, for this audience. */
  verify(token: string): Promise<Claims | null>;
  /** When a token that `verify` has accepted ends. */
  expiryOf(token: string): Date;
}
