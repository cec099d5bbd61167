import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';

export interface StoredObject {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  /** Of the store's own clock. */
  readonly lastModified: Date;
}

/**
 * Where backups are: the part of an object store that they need. Keys are write-once: a put of other bytes under a taken key throws an
 * error named `ObjectExists`, a get of what is not there one named `ObjectMissing`, an outage AppError STORAGE_UNAVAILABLE.
 */
export interface TargetStore {
  readonly kind: 'disk' | 's3';
  readonly bucket: string;
  /** At once or not at all: nobody sees half an object. */
  put(key: ObjectKey, file: StagedFile, contentType: string, signal?: AbortSignal): Promise<void>;
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  head(key: ObjectKey): Promise<(StoredObject & { readonly sha256: Sha256 | null }) | null>;
  /** Sorted by the bytes of keys, page by page. */
  list(prefix: KeyPrefix, after?: ObjectKey): AsyncIterable<StoredObject>;
  deleteMany(keys: readonly ObjectKey[]): Promise<void>;
  /** Makes the bucket where it is missing and may be made. */
  prepare(): Promise<void>;
  check(): Promise<void>;
}
