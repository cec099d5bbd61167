import type { BackedObject } from '../../domain/backed-object';
import { BackupDamaged, BackupLacks } from '../../domain/backup-faults';
import type { BackupRun } from '../../domain/create-ports';
import { blobKey } from '../../domain/layout';
import type { OpenBackup } from '../read/open-backup';
import { type UnderLeaseDeps, underLease } from '../target/under-lease';

/**
 * Deletes damaged objects, which all backups share. Under the lease, so that no backup is made meanwhile that has just found them there;
 * and each is read once more, because one that was made since may have sent it again. What can't be dropped is told in the log alone, and
 * stays.
 */
export async function dropDamaged(
  deps: UnderLeaseDeps,
  run: BackupRun,
  backup: Pick<OpenBackup, 'open'>,
  damaged: readonly BackedObject[],
): Promise<void> {
  if (damaged.length === 0) return;
  try {
    await underLease(deps, 'verify --drop-damaged', async (alive) => {
      const signal = AbortSignal.any([run.signal, alive.signal]);
      for (const object of damaged) {
        if (!(await isDamagedStill(backup, object, signal))) continue;
        signal.throwIfAborted();
        await deps.target.deleteMany([blobKey(object.name)]);
        run.count('objects_dropped');
      }
    });
  } catch (error) {
    // whatever it was: that the backup is not whole is what must be told
    deps.log.error({ err: error, objects: damaged.length }, 'damaged objects were not dropped: repeat it');
  }
}

async function isDamagedStill(
  backup: Pick<OpenBackup, 'open'>,
  object: BackedObject,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for await (const _chunk of await backup.open(object)) signal.throwIfAborted();
    return false;
  } catch (error) {
    if (!(error instanceof BackupDamaged)) throw error;
    return !(error instanceof BackupLacks);
  }
}
