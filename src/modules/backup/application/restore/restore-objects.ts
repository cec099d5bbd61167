import type { ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import { BackupLacks } from '../../domain/backup-faults';
import type { LivingObjects } from '../../domain/restore';
import { RestoreRefused } from '../../domain/restore-refused';
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
  /** Rows name them, and no backup has brought their bytes to the target. */
  readonly missing: number;
  /** Their bytes are in the target, and not whole. */
  readonly lost: readonly ObjectKey[];
}

export type OnRestored = (done: number, total: number) => void;

/**
 * Fills a bucket that has lost objects, for the living database: what its rows name, whichever backup brought the bytes and whatever
 * key they had then. Objects are found by their digests, so a product whose URLs were revoked since gets its photos back under its new keys.
 * Safe to repeat.
 * @param backup by its identity objects are found; its list has the digests that no row tells
 * @throws RestoreRefused where a key holds other bytes; AppError STORAGE_UNAVAILABLE
 */
export const restoreObjects =
  (deps: RestoreObjectsDeps) =>
  async (backup: OpenBackup, onProgress: OnRestored = () => undefined): Promise<RestoredObjects> => {
    const total = await deps.living.count();
    const undigested = new Set<ObjectKey>();
    const missing = new Set<ObjectKey>();
    const objects = namedObjects(deps.living, backup, undigested);
    const { put, bytes, present, lost, taken } = await putBack(deps, tellingWhatItLacks(backup, missing), objects, {
      looksFirst: true,
      onProgress: (done) => onProgress(done, total),
    });
    if (taken.length > 0)
      throw new RestoreRefused(
        `${taken.length} keys hold other bytes, and are not replaced: ${taken.slice(0, 20).join(', ')}`,
      );
    return {
      put,
      bytes,
      present,
      missing: missing.size + undigested.size,
      lost: lost.filter((key) => !missing.has(key)),
    };
  };

/**
 * What living rows name. Where they tell no digest, which is so of results that no backup has seen, the backup's list may have the key.
 * @param undigested in the end: those that are in neither
 */
async function* namedObjects(
  living: LivingObjects,
  backup: OpenBackup,
  undigested: Set<ObjectKey>,
): AsyncGenerator<BackedObject> {
  const naming = await backup.naming();
  for await (const { sha256, ...object } of living.objects()) {
    if (sha256) yield { ...object, sha256, name: naming(sha256) };
    else undigested.add(object.key);
  }
  if (undigested.size === 0) return;
  for await (const object of backup.objects()) if (undigested.delete(object.key)) yield object;
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
