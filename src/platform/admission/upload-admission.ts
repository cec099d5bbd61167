import type { ByteGrant } from './byte-budget';

export interface BodyClaim {
  /** Who answers for the bytes: a seller, or an address where there is none. */
  readonly party: string;
  /** As announced, or the most that may come where nothing is announced. */
  readonly bytes: number;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}

/**
 * Lets a body in before a byte of it is read, as soon as there is room for it.
 * @throws AppError OVERLOADED; the signal's reason when the client has left
 */
export type AdmitBytes = (claim: BodyClaim) => Promise<ByteGrant>;
