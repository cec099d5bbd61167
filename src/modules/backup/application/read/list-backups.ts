import {
  ALL_BACKUPS,
  type BackupId,
  FULLY_VERIFIED,
  MANIFEST,
  PENDING,
  partsOfBackupKey,
  VERIFIED,
  VOID,
} from '../../domain/layout';
import type { TargetStore } from '../../domain/target-store';

/** What lies in the target under one backup's id. */
export interface BackupFolder {
  readonly id: BackupId;
  /** Whether it exists: it has its manifest, and nobody has given it up. */
  readonly isWhole: boolean;
  readonly isVoid: boolean;
  /** Somebody makes it, or died over it. */
  readonly isPending: boolean;
  /** When it was last read, with all or some of its objects, and found whole, by the target's clock. */
  readonly verifiedAt: Date | null;
  /** The last time that the bytes of all objects were read. */
  readonly fullyVerifiedAt: Date | null;
  /** When anything was last written under its id, by the target's clock. */
  readonly touchedAt: Date;
}

/** All that the target has, oldest first. */
export const listBackups =
  ({ target }: { readonly target: Pick<TargetStore, 'list'> }) =>
  async (): Promise<BackupFolder[]> => {
    const folders = new Map<BackupId, BackupFolder>();
    for await (const { key, lastModified } of target.list(ALL_BACKUPS)) {
      const parts = partsOfBackupKey(key);
      if (!parts) continue;
      const { id, name } = parts;
      const known = folders.get(id);
      const markedAt = (mark: string, before: Date | null = null) =>
        name.startsWith(mark) ? later(before, lastModified) : before;
      const isVoid = known?.isVoid === true || name === VOID;
      folders.set(id, {
        id,
        isVoid,
        isWhole: (known?.isWhole === true || name === MANIFEST) && !isVoid,
        isPending: known?.isPending === true || name === PENDING,
        verifiedAt: markedAt(VERIFIED, known?.verifiedAt),
        fullyVerifiedAt: markedAt(FULLY_VERIFIED, known?.fullyVerifiedAt),
        touchedAt: later(known?.touchedAt ?? null, lastModified),
      });
    }
    return [...folders.values()];
  };

function later(one: Date | null, other: Date): Date {
  return one && one > other ? one : other;
}
