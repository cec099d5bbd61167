import { AppError } from '../../../kernel/app-error';
import type { UserId } from '../../../kernel/ids';

const COME_AGAIN_SECONDS = 10;

/**
 * How many follow at once for one seller, by any door of this instance: each holds a connection for as long as its token lives, and the
 * connections of a process have an end.
 */
export class Seats {
  readonly #taken = new Map<UserId, number>();

  constructor(private readonly perSeller: number) {}

  /** @returns gives the seat back; safe to repeat. @throws AppError RATE_LIMITED where the seller has none left */
  take(seller: UserId): () => void {
    const taken = this.#taken.get(seller) ?? 0;
    if (taken >= this.perSeller) {
      const says = `So many follow for this account already: ${this.perSeller}.`;
      throw new AppError('RATE_LIMITED', says, { retryAfterSeconds: COME_AGAIN_SECONDS });
    }
    this.#taken.set(seller, taken + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#free(seller);
      isTaken = false;
    };
  }

  #free(seller: UserId): void {
    const left = (this.#taken.get(seller) ?? 1) - 1;
    if (left === 0) this.#taken.delete(seller);
    else this.#taken.set(seller, left);
  }
}
