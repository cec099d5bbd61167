import type { ObjectKey } from '../../../../kernel/object-key';
import { type BackedObject, NO_DIGEST } from '../../domain/backed-object';
import { BackupLacks } from '../../domain/backup-faults';
import type { LivingObject, LivingObjects } from '../../domain/restore';
import type { OpenBackup } from '../read/open-backup';
import { type PutBackDeps, putBack } from './put-back';

export interface RestoreObjectsDeps extends PutBackDeps {
  readonly living: LivingObjects;
}

export interface RestoredObjects {
  readonly put: number;
  readonly bytes: number;
  /** Were there already, with the right bytes. */
  readonly present: number;
  /** Of those that were put: the key held other bytes. */
  readonly replaced: number;
  /** Rows name them, and no backup has brought their bytes to the target. */
  readonly missing: number;
  /** Their bytes are in the target, and not whole. */
  readonly lost: readonly ObjectKey[];
  /** The key holds other bytes, which were not to be replaced. */
  readonly taken: readonly ObjectKey[];
}

export interface RestoreObjectsOptions {
  /** Other bytes under a key that a row names are replaced by those of the backup. */
  readonly replaceDamaged?: boolean;
  readonly onProgress?: (done: number, total: number | null) => void;
}

/**
 * Fills a bucket that has lost objects, for the living database: what its rows name, whichever backup brought the bytes and whatever
 * key they had then. Objects are found by their digests, so a product whose URLs were revoked since gets its photos back under its new keys.
 * Safe to repeat.
 * @param backup by its identity objects are found; its list has the digests that no row tells
 * @throws AppError STORAGE_UNAVAILABLE
 */
export const restoreObjects =
  (deps: RestoreObjectsDeps) =>
  async (
    backup: OpenBackup,
    { replaceDamaged = false, onProgress }: RestoreObjectsOptions = {},
  ): Promise<RestoredObjects> => {
    const total = await deps.living.count();
    const missing = new Set<ObjectKey>();
    const objects = namedObjects(deps.living, backup);
    const { lost, ...report } = await putBack(deps, tellingWhatItLacks(backup, missing), objects, {
      looksFirst: true,
      replaces: replaceDamaged,
      onProgress: (done) => onProgress?.(done, total),
    });
    return { ...report, missing: missing.size, lost: lost.filter((key) => !missing.has(key)) };
  };

/**
 * What living rows name. Where they tell no digest, which is so of results that no backup has seen, the backup's list may have the key;
 * where it has not, anything that is there is as good.
 */
async function* namedObjects(living: LivingObjects, backup: OpenBackup): AsyncGenerator<BackedObject> {
  const naming = await backup.naming();
  const undigested = new Map<ObjectKey, LivingObject>();
  for await (const { sha256, ...object } of living.objects()) {
    if (sha256) yield { ...object, sha256, name: naming(sha256) };
    else undigested.set(object.key, { ...object, sha256 });
  }
  if (undigested.size === 0) return;
  for await (const object of backup.objects()) if (undigested.delete(object.key)) yield object;
  for (const object of undigested.values()) yield { ...object, sha256: NO_DIGEST, name: naming(NO_DIGEST) };
}

/** What the target lacks was never in a backup, or is in none any more: that is not damage. */
function tellingWhatItLacks(backup: OpenBackup, missing: Set<ObjectKey>): Pick<OpenBackup, 'open'> {
  return {
    async open(object) {
      try {
        return await backup.open(object);
      } catch (error) {
        if (error instanceof BackupLacks) missing.add(object.key);
        throw error;
      }
    },
  };
}
