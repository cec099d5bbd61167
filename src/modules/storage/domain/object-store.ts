import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';

export interface ObjectHead {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  /** Null where the store keeps no sha-256 of the object (written by other means than this port). */
  readonly sha256: Sha256 | null;
  /** s3 keeps the type of the put; disk derives it from the key's extension, which the key layout fixes. */
  readonly contentType: string | null;
  readonly lastModified: Date;
}

export interface ListedObject {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** First and last byte, both included, from 0; as in HTTP Range. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Of an object that is to be copied, as it was announced or verified. */
export interface ExpectedBytes {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

export interface SignedGet {
  readonly key: ObjectKey;
  /** When it stops to work, unless `signsUntil` comes first. Whole seconds. */
  readonly expiresAt: Date;
  /** When it was issued; the same times give the same URL byte for byte. Whole seconds. */
  readonly issuedAt: Date;
  readonly response?: { contentType?: string; contentDisposition?: string; cacheControl?: string };
}

export interface SignedPut {
  readonly key: ObjectKey;
  readonly expiresAt: Date;
  readonly issuedAt: Date;
  /** All three are bound by the signature, and so is that the key has never been written. */
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/**
 * A request that the holder may make as it stands: method, URL, and the headers it must send.
 * Content-Length is bound too; every client sends it by itself for a body whose size it knows (no chunked encoding).
 */
export interface PresignedRequest {
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** When it really stops to work: as asked for, or with `signsUntil`. */
  readonly expiresAt: Date;
}

/**
 * Where the bytes are: a private bucket, keys write-once. Adapters: disk and s3; both pass `tests/contracts/object-store.ts`.
 * Every call retries what is safe to retry (S3_RETRIES) and then throws AppError STORAGE_UNAVAILABLE.
 */
export interface ObjectStore {
  /** `disk` or `s3`, for logs and metrics. */
  readonly kind: 'disk' | 's3';
  readonly bucket: string;

  /**
   * Stores the file under a key that has never been used. Safe to repeat with the same bytes.
   * The file's inode may become the object's (hard link): it must not be written to again, only removed.
   * @throws ObjectExists the key holds other bytes; ChecksumMismatch the bytes are not those of `file.sha256`;
   *   KeyNotUsable; AppError STORAGE_UNAVAILABLE after the retries; `signal.reason` when aborted
   * @see Amazon S3 API, PutObject: x-amz-checksum-sha256, If-None-Match
   */
  put(key: ObjectKey, file: StagedFile, contentType: string, signal?: AbortSignal): Promise<void>;

  /**
   * The bytes, all or a range of them; a range that ends behind the last byte ends with it.
   * The stream errors with AppError STORAGE_UNAVAILABLE where the store stops half way.
   * @throws ObjectMissing, RangeNotSatisfiable
   */
  get(key: ObjectKey, range?: ByteRange): Promise<ReadableStream<Uint8Array>>;

  /** Null when there is no such object. */
  head(key: ObjectKey): Promise<ObjectHead | null>;

  /** All keys that begin with the prefix, sorted by bytes, page by page: memory does not grow with their number. */
  list(prefix: KeyPrefix, after?: ObjectKey): AsyncIterable<ListedObject>;

  /**
   * Within the store, checksum and type kept, and nothing else that was said of the source. Safe to repeat.
   * @param expected what the copy must be, of the type that its key names. Given only where `to` is a key of the caller's own that
   *   nobody else writes: then the store need not be asked first what is there
   * @throws ObjectMissing; ObjectExists (other bytes); ChecksumMismatch the copy does not have that sha-256
   */
  copy(from: ObjectKey, to: ObjectKey, expected?: ExpectedBytes): Promise<void>;

  /**
   * Any number of keys; one that is not there counts as deleted. One that can't be deleted keeps none of the others.
   * @throws ObjectsNotDeleted for single objects, when the others are gone; AppError STORAGE_UNAVAILABLE where the store is away
   */
  deleteMany(keys: readonly ObjectKey[]): Promise<void>;

  /**
   * Removes what writes that died half way keep outside of every key: copies on their way in (disk), parts of multipart uploads
   * under this software's keys (s3).
   * @param before only what nobody has written to, or begun, since then
   * @returns how many
   * @see Amazon S3 API, ListMultipartUploads and AbortMultipartUpload
   */
  removeHalfWritten(before: Date): Promise<number>;

  /** No network. */
  signGet(request: SignedGet): string;

  /** No network. */
  signPut(request: SignedPut): PresignedRequest;

  /**
   * When all that is signed now has stopped to work, whatever was asked for: the session of the credentials ends. Null where they do
   * not end. Whole seconds. No network.
   */
  signsUntil(): Date | null;

  /** Makes the bucket when it is missing and may be made; checks that it can be used. */
  prepare(): Promise<void>;

  /** One cheap request, for /readyz. @throws AppError STORAGE_UNAVAILABLE */
  check(): Promise<void>;
}
