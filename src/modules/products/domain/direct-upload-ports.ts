import type { ProductId, UserId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Sha256 } from '../../../kernel/sha256';
import type { Transaction } from '../../../kernel/transaction';
import type { DirectImage, DirectUpload } from './direct-upload';

/**
 * Uploads that were announced. Every method filters by the seller: another's is not found by the very query that does not find
 * an unknown one. They go by themselves when their intent is settled, abandoned or expired (triggers in drizzle/).
 */
export interface DirectUploads {
  /** Null where there is none that is open. */
  find(seller: Seller, id: ProductId): Promise<DirectUpload | null>;
  /**
   * What is open and within its time. Starts of one seller, and what is announced anew, follow one another from here to the end of
   * their transactions, so the numbers are exact; to be called before any other lock is taken.
   * @param besides an upload that is left out
   */
  countOpen(tx: Transaction, seller: Seller, besides?: ProductId): Promise<OpenUploads>;
  insert(tx: Transaction, seller: Seller, upload: DirectUpload): Promise<void>;
  /**
   * Takes the lock of its intent, which every change and every end of it takes, and then reads it.
   * Locks the seller's account before, as the removal of the account does.
   */
  lock(tx: Transaction, seller: Seller, id: ProductId): Promise<DirectUpload | null>;
  /** Other photos in the place of those with the same ids, whose keys are kept to be deleted. Locked by `lock`. */
  replace(tx: Transaction, images: readonly DirectImage[]): Promise<void>;
  /** How many have been replaced so far. Locked by `lock`. */
  countReplaced(tx: Transaction, upload: DirectUpload): Promise<number>;
  /** Presigned PUTs are going to be issued until then. Locked by `lock`. */
  extendPuts(tx: Transaction, upload: DirectUpload, images: readonly DirectImage[], until: Date): Promise<void>;
}

export interface OpenUploads {
  readonly uploads: number;
  /** Of all their images, as announced. */
  readonly bytes: number;
}

/** Of a direct upload, what its progress is told from. */
export interface ArrivingUpload {
  readonly userId: UserId;
  readonly images: readonly Pick<DirectImage, 'key' | 'sizeBytes'>[];
}

/** By the product alone, for whoever was let in by the signature of a key of it. Null where no upload of it is open. */
export type FindArriving = (id: ProductId) => Promise<ArrivingUpload | null>;

export interface PresignedPut {
  readonly method: 'PUT';
  readonly url: string;
  /** To be sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it stops to work: as asked for, or with the session of the store's credentials. */
  readonly expiresAt: Date;
}

/** The object store, as direct uploads need it. @throws AppError STORAGE_UNAVAILABLE */
export interface DirectObjects {
  /** No network. The signature binds length, type, sha-256, and that the key has never been written. Whole seconds. */
  signPut(request: {
    readonly key: ObjectKey;
    readonly issuedAt: Date;
    readonly expiresAt: Date;
    readonly contentType: string;
    readonly sizeBytes: number;
    readonly sha256: Sha256;
  }): PresignedPut;
  /** Null when there is no such object; `sha256` is null where the store keeps none. */
  head(key: ObjectKey): Promise<{ readonly sizeBytes: number; readonly sha256: Sha256 | null } | null>;
  /** First and last byte, both included. */
  get(key: ObjectKey, range: { readonly start: number; readonly end: number }): Promise<ReadableStream<Uint8Array>>;
}
