import type { UserId } from './ids';

declare const authenticated: unique symbol;

export type Role = 'seller' | 'worker' | 'admin';

/** Who asks, proven by a token or by an operator's shell. Only `authenticated-principal.ts` makes one. */
export interface Principal<R extends Role = Role> {
  readonly userId: UserId;
  readonly role: R;
  /** The refresh-token family the access token came from; absent for operator-made tokens. */
  readonly sessionId?: string;
  readonly [authenticated]: R;
}

/** What repositories of sellers' data take: an id from a request can't be passed in its place. */
export type Seller = Principal<'seller'>;
export type Worker = Principal<'worker'>;
export type Admin = Principal<'admin'>;
