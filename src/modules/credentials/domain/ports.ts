import type { ProductId, UserId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Owner, Sealed, WhyNot } from './envelope';

/** One row for each owner, as it was sealed. */
export interface SealedCredentials {
  find(owner: Owner): Promise<Sealed | null>;
  /** In the place of what was there. @throws UNAUTHENTICATED the account is gone: its access tokens outlive it by minutes */
  put(owner: Owner, sealed: Sealed): Promise<void>;
  /** Safe to repeat. */
  remove(owner: Owner): Promise<void>;
  /** Of the sellers of these products; one who has none is missing. */
  ofProducts(tx: Transaction, ids: readonly ProductId[]): Promise<readonly SealedOfProduct[]>;
  /** Of this product's seller, locked until the transaction ends; null where the seller has none. */
  lockOfProduct(tx: Transaction, id: ProductId): Promise<SealedOf | null>;
  /** Of an owner whose row is locked. */
  replace(tx: Transaction, owner: Owner, sealed: Sealed): Promise<void>;
  /** The next rows, in their owners' order, whose data key another key than this wraps. */
  wrappedByOthers(keyId: string, after: Owner | null, limit: number): Promise<readonly SealedOf[]>;
  countWrappedByOthers(keyId: string): Promise<number>;
  /** Compare-and-set: false where the row was written anew, wrapped by somebody else, or removed since it was read. */
  replaceWrapping(owner: Owner, before: Sealed, after: Sealed): Promise<boolean>;
}

export interface SealedOf {
  readonly owner: Owner;
  readonly sealed: Sealed;
}

export interface SealedOfProduct {
  readonly productId: ProductId;
  readonly userId: UserId;
  readonly sealed: Sealed;
}

/** For /metrics. */
export type CountUnreadable = (reason: WhyNot) => void;
