import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix } from '../../../kernel/object-key';
import type { Transaction } from '../../../kernel/transaction';

/** The intent journal, as one attempt to store objects needs it. */
export interface AttemptJournal {
  open(intent: {
    readonly id: AttemptId;
    /** Variants that are made; results of a worker that are copied to where they are kept. */
    readonly kind: 'prepare' | 'rekey';
    readonly productId: ProductId;
    readonly prefix: KeyPrefix;
  }): Promise<void>;
  renew(id: AttemptId): Promise<boolean>;
  /** Throws, so that the commit rolls back, when a drain has claimed it. */
  settle(tx: Transaction, id: AttemptId): Promise<void>;
  abandon(tx: Transaction, id: AttemptId): Promise<'draining' | 'gone'>;
  drain(id: AttemptId): Promise<void>;
}
