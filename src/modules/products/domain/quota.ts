import type { Seller } from '../../../kernel/principal';
import { quotaExceeded } from '../../../kernel/quota-exceeded';
import type { Transaction } from '../../../kernel/transaction';

/** What one seller may have; null: any number. */
export interface Quota {
  readonly products: number | null;
  /** Of originals, as they were sent: variants and results of workers are not the seller's doing. */
  readonly bytes: number | null;
}

export interface Holding {
  readonly products: number;
  readonly bytes: number;
}

export const NO_QUOTA: Quota = { products: null, bytes: null };

/** What a seller has, exactly. */
export interface SellerLedger {
  /** @param tx by default a connection of its own */
  holding(seller: Seller, tx?: Transaction): Promise<Holding>;
}

/**
 * Refuses early what cannot fit. Two that come at once may both pass here: the commit decides, under the lock of the ledger's row.
 * @throws AppError QUOTA_EXCEEDED
 */
export type RequireQuota = (seller: Seller, more: Holding, tx?: Transaction) => Promise<void>;

export const requireQuota =
  (quota: Quota, ledger: SellerLedger): RequireQuota =>
  async (seller, more, tx) => {
    if (quota.products === null && quota.bytes === null) return;
    const has = await ledger.holding(seller, tx);
    for (const what of ['products', 'bytes'] as const) {
      const most = quota[what];
      if (most !== null && more[what] > 0 && has[what] + more[what] > most) throw quotaExceeded(what);
    }
  };
