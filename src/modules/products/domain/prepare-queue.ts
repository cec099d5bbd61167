import type { ProductId, UserId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';

/** Whose images are to be decoded and get their variants. */
export interface PrepareQueue {
  /** Queued when the transaction commits, and only then: after what others have waiting, and that this seller has. Safe to repeat. */
  enqueue(tx: Transaction, id: ProductId, seller: UserId): Promise<void>;
  /** After the commit: this process need not wait until it looks for work again. */
  wake(): void;
}
