import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';
import type { Transaction } from '../../../kernel/transaction';
import type { CreatedProduct } from './created-product';
import type { PlacedImage } from './product';

/** A folder for the temporary files of one request. */
export interface UploadFolder {
  /** @param onChunk sees every chunk with the size so far; what it throws ends the staging and removes the file */
  stage(bytes: AsyncIterable<Uint8Array>, onChunk: (chunk: Uint8Array, sizeBytes: number) => void): Promise<StagedFile>;
  remove(): Promise<void>;
}

export interface UploadFolders {
  open(): Promise<UploadFolder>;
}

/** Where originals are kept. @throws AppError STORAGE_UNAVAILABLE */
export interface Originals {
  put(key: ObjectKey, file: StagedFile, contentType: string, signal: AbortSignal): Promise<void>;
}

/** The intent journal, as an upload needs it. */
export interface AttemptJournal {
  open(intent: AttemptIntent, tx?: Transaction): Promise<void>;
  renew(id: AttemptId): Promise<boolean>;
  /** Ends it in the commit. Throws, so that the commit rolls back, when a drain has claimed it. */
  settle(tx: Transaction, id: AttemptId): Promise<void>;
  /** Claims it for deletion; `gone` says that the commit had happened. */
  abandon(tx: Transaction, id: AttemptId): Promise<'draining' | 'gone'>;
  /** Deletes the objects of an abandoned one now; what cannot be deleted now, the sweep deletes. */
  drain(id: AttemptId): Promise<void>;
}

export interface AttemptIntent {
  readonly id: AttemptId;
  readonly kind: 'upload' | 'direct' | 'rekey';
  readonly productId: ProductId;
  readonly prefix: KeyPrefix;
  /** How long it lives without being renewed. Default: INTENT_TTL_SECONDS. */
  readonly ttlSeconds?: number;
  /** When the last presigned PUT that is issued with it expires. */
  readonly putExpiresAt?: Date;
}

export interface IdempotencyClaim {
  readonly seller: Seller;
  readonly procedure: string;
  readonly key: string;
}

/** @typeParam Answer what `finish` was given for keys of this procedure */
export type ClaimedKey<Answer = CreatedProduct> =
  | { readonly kind: 'held' }
  | { readonly kind: 'done'; fingerprint: Sha256; answer: Answer };

/** Idempotency keys. The holder of a key is named by its intent, and lives as long as that is open and not expired. */
export interface IdempotencyKeys {
  /**
   * Takes the key for the attempt and opens its intent in the same transaction. A dead holder's intent is claimed for draining
   * first, so that it can never commit.
   * @param tx by default one of its own, committed when it returns
   * @throws AppError IDEMPOTENCY_IN_PROGRESS while another holder lives, UNAUTHENTICATED (the account is gone); ClaimUnknown, of a
   *   transaction of its own
   */
  claim<Answer = CreatedProduct>(
    claim: IdempotencyClaim,
    intent: AttemptIntent,
    tx?: Transaction,
  ): Promise<ClaimedKey<Answer>>;
  /** Locks the key before the intent, in the order that `claim` takes them. */
  lock(tx: Transaction, claim: IdempotencyClaim): Promise<void>;
  finish(
    tx: Transaction,
    claim: IdempotencyClaim,
    attempt: AttemptId,
    done: { fingerprint: Sha256; answer: object },
  ): Promise<void>;
  /** What was asked for with the key of this attempt, if it has one, has been changed since: the key stands for that from now on. */
  restate(
    tx: Transaction,
    holder: Omit<IdempotencyClaim, 'key'>,
    attempt: AttemptId,
    fingerprint: Sha256,
  ): Promise<void>;
  /** Frees the key of a refused request. */
  release(tx: Transaction, claim: IdempotencyClaim, attempt: AttemptId): Promise<void>;
}

export interface NewProduct {
  readonly id: ProductId;
  readonly prompt: string;
  readonly images: readonly PlacedImage[];
}

export interface UploadedProducts {
  /**
   * @returns the time of creation
   * @throws AppError CONFLICT (the id is taken), UNAUTHENTICATED (the account is gone)
   */
  insert(tx: Transaction, seller: Seller, product: NewProduct): Promise<Date>;
  /** The product that an attempt of this seller has committed, or null. */
  committed(
    seller: Seller,
    id: ProductId,
    attempt: AttemptId,
  ): Promise<Omit<CreatedProduct, 'estimated_processing_time_seconds'> | null>;
}

/** Seconds until a product that is created now is processed; 15 where nothing is known. */
export type EstimateProcessingTime = () => Promise<number>;

/** Seconds until a product that enters the phase now, or is uploaded now, is done with; 15 where nothing is known. */
export type EstimatePhase = (phase: 'upload' | 'processing' | 'publishing') => Promise<number>;
