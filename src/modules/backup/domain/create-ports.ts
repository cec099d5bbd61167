import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';

/** Where the application's objects are. */
export interface SourceStore {
  readonly bucket: string;
  /** @throws an error named `ObjectMissing`; AppError STORAGE_UNAVAILABLE, also half way */
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  /** The digest is null where the store keeps none. */
  head(key: ObjectKey): Promise<{ readonly sha256: Sha256 | null } | null>;
  /** @throws AppError STORAGE_UNAVAILABLE where it can't be used as a whole */
  check(): Promise<void>;
}

/** What the backup holds on to: while its pin lives, what is deleted is copied to `heldKey` first. */
export interface BackupPins {
  /** Committed when it returns. */
  take(backupId: string, ttlSeconds: number): Promise<void>;
  /** @returns false when it is lost, and cannot be had again */
  renew(backupId: string, ttlSeconds: number): Promise<boolean>;
  /** And removes what was held. */
  free(backupId: string): Promise<void>;
  heldKey(backupId: string, key: ObjectKey): ObjectKey;
}

/** What a task of upkeep gives its work. */
export interface BackupRun {
  readonly signal: AbortSignal;
  count(what: string, by?: number): void;
}

/** Where a long task has come; for whoever looks on. */
export type OnProgress = (done: number, total: number | null, what: string) => void;
