import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import { objectKey } from '../../../kernel/object-key';

/**
 * What a backup holds on to: while its pin lives, nothing is deleted before a copy of it lies under `held/{backup_id}/`, which no URL
 * names. A pin that is not renewed in time is lost, and so is what was held for it.
 */
export interface Pins {
  /** Committed when it returns: whatever is deleted afterwards is held. Its time is of the database's clock. */
  take(backupId: string, ttlSeconds: number): Promise<void>;
  /** @returns false when it is lost: objects may have gone since */
  renew(backupId: string, ttlSeconds: number): Promise<boolean>;
  free(backupId: string): Promise<void>;
  /** Removes lost ones first: one that is not among these can't be renewed any more. */
  living(): Promise<readonly string[]>;
}

const HELD = /^held\/([^/]+)\/./;

export const ALL_HELD = 'held/' as unknown as KeyPrefix;

/** Where an object is that was deleted while the backup's pin lived. */
export function heldKey(backupId: string, key: ObjectKey): ObjectKey {
  return objectKey(`held/${backupId}/${key}`);
}

export function heldFolder(backupId: string): KeyPrefix {
  return `held/${backupId}/` as unknown as KeyPrefix;
}

/** @returns null for a key that nothing here has made */
export function holderOf(key: ObjectKey): string | null {
  return HELD.exec(key)?.[1] ?? null;
}
