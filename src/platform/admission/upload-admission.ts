import type { ByteBudget, ByteGrant } from './byte-budget';

export interface BodyClaim {
  /** Who answers for the bytes: a seller, or an address where there is none. */
  readonly party: string;
  /** As announced, or the most that may come where nothing is announced. */
  readonly bytes: number;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
  /** Puts off the idle timeout of the connection, while nothing of it is read. */
  readonly stayOpen: () => void;
}

/**
 * Lets a body in before a byte of it is read, as soon as there is room for it.
 * @throws AppError OVERLOADED; the signal's reason when the client has left
 */
export type AdmitBytes = (claim: BodyClaim) => Promise<ByteGrant>;

const STAY_OPEN_EVERY_MS = 2_000;

export function uploadAdmission(budget: ByteBudget): AdmitBytes {
  return async ({ stayOpen, ...claim }) => {
    const timer = setInterval(stayOpen, STAY_OPEN_EVERY_MS);
    try {
      return await budget.take(claim);
    } finally {
      clearInterval(timer);
    }
  };
}
