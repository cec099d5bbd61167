import type { ImageId, ProductId, UserId } from '../../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../../kernel/object-key';
import type { Worker } from '../../../../kernel/principal';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Transaction } from '../../../../kernel/transaction';
import type { ClaimedWork, Lease, LeaseId, WorkAnswer, WorkImage, WorkPhase } from './lease';
import type { AwaitedResult } from './results';

export interface ClaimRequest {
  readonly phase: WorkPhase;
  /** The name that the worker gives itself: shown to sellers. */
  readonly worker: string;
  readonly max: number;
  readonly leaseSeconds: number;
}

/** What a claim took out of the queue. */
export interface Claim {
  readonly work: readonly ClaimedWork[];
  /**
   * Leased as the others are, but nobody can be given them: a row of theirs does not say where its object is. Their leases expire, so
   * each spends its own attempts and stands in no other's way.
   */
  readonly unreadable: readonly UnreadableItem[];
}

export interface UnreadableItem {
  readonly productId: ProductId;
  readonly error: unknown;
}

/** A product whose leases were all used up without a result. */
export interface SpentItem {
  readonly productId: ProductId;
  readonly phase: WorkPhase;
  /** How often a lease expired since it entered the phase. */
  readonly expiries: number;
}

/** What waits for workers. Rows come and go with the products' status, by triggers (drizzle/0010_fair_turns_rules.sql). */
export interface WorkQueue {
  /**
   * Leases the first items of the queue to the worker. It waits for no lock: what another transaction has in hand is passed over,
   * so two claims never get the same item and never stand in each other's way.
   */
  claim(tx: Transaction, worker: Worker, request: ClaimRequest): Promise<Claim>;
  /** Whether any lease has expired, or any item waited long enough. One look into an index. */
  hasDue(phase: WorkPhase): Promise<boolean>;
  /**
   * Puts back what is due, into the present turn, of a seller one and one more in each turn after it; the leases that expired are lost.
   * Passes over what others have in hand.
   * @returns how many items, how many of them had lost their lease, and the products that have no attempt left: they stay as they are
   */
  putBack(
    tx: Transaction,
    phase: WorkPhase,
    maxAttempts: number,
  ): Promise<{ again: number; lost: number; spent: readonly ProductId[] }>;
  /** Locks a product of which `putBack` said that it has no attempt left; null where that has changed, or others have it in hand. */
  lockSpent(tx: Transaction, id: ProductId, maxAttempts: number): Promise<SpentItem | null>;
  /** Lets the item wait. @returns when it may be claimed again */
  postpone(tx: Transaction, id: ProductId, seconds: number): Promise<Date>;
  /** Items by phase and state. */
  lengths(): Promise<readonly { phase: WorkPhase; state: string; items: number }[]>;
}

/** The leases of workers. Every method finds a lease by its holder, too: another account's is not there. */
export interface Leases {
  find(worker: Worker, id: LeaseId): Promise<Lease | null>;
  /**
   * Locks the product and then the lease, in the order in which every change of status takes them, and reads it as it is then.
   */
  lock(tx: Transaction, worker: Worker, id: LeaseId): Promise<Lease | null>;
  /** Extends the lease, its item and its intent. Locked by `lock`. @returns its new end */
  extend(tx: Transaction, lease: Lease): Promise<Date>;
  /** Tells the product's seller. The last step of a transaction: it takes the lock of the seller's ledger. */
  recordProgress(tx: Transaction, lease: Lease, progress: number | null, message: string | null): Promise<void>;
  /** Locked by `lock`. Where it has failed, a trigger has what was stored under it deleted. */
  end(tx: Transaction, lease: Lease, state: 'completed' | 'failed', answer: WorkAnswer): Promise<void>;
  /** The images of the lease's product, as they are now. */
  images(lease: Lease, tx?: Transaction): Promise<readonly WorkImage[]>;
}

export interface StoredResult {
  readonly imageId: ImageId;
  /** Where the processed image is kept, and what it is; null where the worker stored none. */
  readonly kept: Pick<AwaitedResult, 'key' | 'sizeBytes' | 'sha256'> | null;
  readonly processingMetadata: Readonly<Record<string, unknown>> | null;
}

/** Results that were announced under a lease, and what becomes of them. All but `announced` expect the lease to be locked. */
export interface WorkResults {
  announced(lease: Lease, tx?: Transaction): Promise<readonly AwaitedResult[]>;
  /**
   * Opens the lease's intent, or extends it, and keeps the keys for which PUTs are going to be signed.
   * @throws AppError LEASE_LOST where the intent is open no more
   */
  announce(tx: Transaction, lease: Lease, results: readonly AwaitedResult[], putExpiresAt: Date): Promise<void>;
  /** Writes them to the rows of the images; what they replace is journalled by a trigger. @throws AppError IMAGE_NOT_FOUND */
  store(tx: Transaction, lease: Lease, results: readonly StoredResult[]): Promise<void>;
  /**
   * Ends the lease's intent, if it has one: every key for which a PUT was signed is journalled for deletion.
   * @throws AppError LEASE_LOST where the intent is open no more
   */
  settle(tx: Transaction, lease: Lease): Promise<void>;
}

/** The object store, as results need it. @throws AppError STORAGE_UNAVAILABLE */
export interface ResultObjects {
  /** No network. Whole seconds. */
  signPut(request: {
    readonly key: ObjectKey;
    readonly issuedAt: Date;
    readonly expiresAt: Date;
    readonly contentType: string;
    readonly sizeBytes: number;
    readonly sha256: Sha256;
  }): {
    readonly method: 'PUT';
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** When it stops to work: as asked for, or with the session of the store's credentials. */
    readonly expiresAt: Date;
  };
  /**
   * Within the store, checksum kept; safe to repeat. False where there is none under `from`.
   * @param expected what the copy must be. `to` is a key of the caller's own that nobody else writes
   */
  copy(from: ObjectKey, to: ObjectKey, expected: { sha256: Sha256; sizeBytes: number }): Promise<boolean>;
}

/**
 * Looks whether the images are stored as announced, of the announced type, and whole.
 * @throws AppError UPLOAD_INCOMPLETE, its details naming every image that is missing or wrong; STORAGE_UNAVAILABLE
 */
export type VerifyResults = (
  images: readonly (Pick<AwaitedResult, 'key' | 'contentType' | 'sizeBytes' | 'sha256'> & { readonly id: ImageId })[],
) => Promise<unknown>;

/** A signed GET of one file of an image, made without any network. */
export type SignImage = (
  imageId: ImageId,
  kind: ObjectKind,
  key: ObjectKey,
  expiresInSeconds: number,
) => { readonly url: string; readonly expiresAt: Date };

/** Leads a product along an edge of its lifecycle, as the last step of a transaction. @throws AppError INVALID_TRANSITION */
export type ChangeStatus = (
  tx: Transaction,
  change: {
    readonly productId: ProductId;
    readonly event: 'COMPLETE' | 'PUBLISHED' | 'FAIL';
    readonly actor: string;
    readonly reason: string | null;
    readonly errorType?: string;
  },
) => Promise<string>;

/** What a publishing worker needs to act for a seller on MercadoLibre. */
export interface SellerCredential {
  readonly accessToken: string;
  /** Good for one refresh. */
  readonly refreshToken: string;
  readonly mlUserId: string;
  readonly expiresAt: Date;
}

/**
 * Of the sellers of these products; a seller who has connected no account, or whose stored one cannot be read, is missing.
 * @returns what opens them, without the database: for after the commit
 */
export type SellerCredentials = (
  tx: Transaction,
  products: readonly ProductId[],
) => Promise<() => ReadonlyMap<ProductId, SellerCredential>>;

/** What MercadoLibre gave for a refresh token. */
export interface RefreshedCredential extends Omit<SellerCredential, 'mlUserId'> {
  readonly spentRefreshToken: string;
}

/** Keeps it for the seller of this product. Safe to repeat. @throws AppError CONFLICT where the refresh token spent is not what is kept */
export type RefreshCredential = (tx: Transaction, product: ProductId, refreshed: RefreshedCredential) => Promise<void>;

/** Writes down, for good, that a worker was given URLs of originals. Where it throws, none are given. */
export type RecordOriginals = (issued: {
  readonly holder: UserId;
  readonly productId: ProductId;
  readonly lease_id: LeaseId;
  readonly worker: string;
  readonly image_ids: readonly ImageId[];
}) => Promise<void>;

/** Counts for /metrics. */
export interface WorkMetrics {
  leaseEnded(phase: WorkPhase, outcome: 'completed' | 'failed' | 'lost', count: number): void;
  workTook(phase: WorkPhase, seconds: number): void;
  originalsIssued(count: number): void;
}
