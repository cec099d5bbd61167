import type { ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Transaction } from '../../../kernel/transaction';
import type { LifecyclePhase, Status } from './lifecycle';
import type { PlacedImage, Product, ProductImage, ProductSummary, StatusChange } from './product';

/** Where a list goes on: behind this product, in the order newest first, of equal times the greater id first. */
export interface PagePosition {
  readonly createdAt: Date;
  readonly id: ProductId;
}

export interface PageRequest {
  /** Null for all. */
  readonly status: Status | null;
  /** At least 1. */
  readonly limit: number;
  /** Behind a position (keyset: costs the same wherever it is), or so many products from the first. */
  readonly from: { readonly after: PagePosition } | { readonly offset: number };
}

export interface ProductPage {
  /** At most `limit` of them, newest first. */
  readonly products: readonly ProductSummary[];
  readonly hasMore: boolean;
  /** How many products there are of that status, exactly, as of the same snapshot. */
  readonly total: number;
}

export type ImagesOfProduct = readonly Pick<ProductImage, 'id' | 'keys'>[];

/**
 * Products as their seller sees them. Every method filters by the seller in SQL, so that another seller's product is not found
 * by the very query that does not find an unknown one.
 */
export interface ProductReads {
  find(seller: Seller, id: ProductId): Promise<Product | null>;
  /** One query, whose cost grows with the page (and the offset), not with the table. */
  page(seller: Seller, request: PageRequest): Promise<ProductPage>;
  /** One query. Products that are not the seller's are missing; images come in order of their positions. */
  images(seller: Seller, ids: readonly ProductId[]): Promise<ReadonlyMap<ProductId, ImagesOfProduct>>;
  /** Oldest first. Null for an unknown product. */
  history(seller: Seller, id: ProductId): Promise<readonly StatusChange[] | null>;
}

/** Changes, inside a transaction of the caller's. All but `lock` and `remove` expect the product to be locked by it. */
export interface ProductWrites {
  /**
   * Takes the product's row lock, held until the transaction ends, and then reads the product: whoever locks first decides
   * on what is really there. Null for an unknown product.
   */
  lock(tx: Transaction, seller: Seller, id: ProductId): Promise<Product | null>;
  /** The product as this transaction has left it. @throws AppError PRODUCT_NOT_FOUND */
  reload(tx: Transaction, seller: Seller, id: ProductId): Promise<Product>;
  setPrompt(tx: Transaction, seller: Seller, id: ProductId, promptText: string): Promise<void>;
  setPrimary(tx: Transaction, seller: Seller, id: ProductId, imageId: ImageId): Promise<void>;
  /** @param order every image of the product once; the first one gets position 0 */
  setOrder(tx: Transaction, seller: Seller, id: ProductId, order: readonly ImageId[]): Promise<void>;
  /** @throws AppError PRODUCT_NOT_FOUND */
  addImages(tx: Transaction, seller: Seller, id: ProductId, images: readonly PlacedImage[]): Promise<void>;
  /** The row goes; a trigger journals the deletion of its objects in the same transaction. */
  removeImage(tx: Transaction, seller: Seller, id: ProductId, imageId: ImageId): Promise<void>;
  /** The same for the product and all its images. False for an unknown product. */
  remove(tx: Transaction, seller: Seller, id: ProductId): Promise<boolean>;
}

export type ProductRepository = ProductReads & ProductWrites;

/** Who changes a status and why; both go into the history. */
export interface StatusReason {
  /** A kind of actor, with more behind a colon: `operator`, `system`, `seller:<id>`, `worker:<name>`. Shown to the seller. */
  readonly actor: string;
  readonly reason: string | null;
  /** Of the event that tells of a failure; by default it is named after the status, such as `processing_failed`. */
  readonly errorType?: string;
}

/** The status of any seller's product, for operators and workers: never reached from a seller's request. */
export interface StatusStore {
  phase(tx: Transaction, id: ProductId): Promise<LifecyclePhase | null>;
  /**
   * Compare-and-set; a trigger writes history, event and ledger in the same transaction.
   * @returns false when the product is not in the phase that was read any more
   */
  advance(tx: Transaction, id: ProductId, from: LifecyclePhase, to: Status, why: StatusReason): Promise<boolean>;
}

/** Products that nobody may delete, of whichever seller: for operators. */
export interface LegalHolds {
  /** Safe to repeat. @returns false for an unknown product */
  set(id: ProductId, held: boolean): Promise<boolean>;
}

export interface SignedUrl {
  /** A bearer: whoever holds it may read until it expires. */
  readonly url: string;
  readonly expiresAt: Date;
}

/** Signed GETs of the object store, made without any network. */
export interface ImageUrls {
  /** @param response what the store is to say of the object when it is fetched */
  sign(
    key: ObjectKey,
    response: { readonly expiresInSeconds: number; readonly contentType: string; readonly fileName: string },
  ): SignedUrl;
}

/** Has deleted rows' objects deleted soon; returns at once. What it misses, the scheduled sweep finds in the journal. */
export type DrainSoon = () => void;
