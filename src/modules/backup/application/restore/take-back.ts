import type { ObjectKey } from '../../../../kernel/object-key';
import { BackupFault } from '../../domain/backup-faults';
import type { RestoredDatabase, RestoredStore } from '../../domain/restore';
import type { OpenBackup } from '../read/open-backup';
import type { Begun } from './begin-restore';

export interface TakeBackDeps {
  readonly database: Pick<RestoredDatabase, 'abandon'>;
  readonly store: Pick<RestoredStore, 'deleteMany'>;
}

const DELETED_AT_ONCE = 1000;

/**
 * Nothing of a refused restore stays: no row, and no object that was not there before. What failed for another reason, an outage say,
 * goes on when it is repeated.
 * @throws why
 */
export async function takeBack(
  { database, store }: TakeBackDeps,
  backup: Pick<OpenBackup, 'objects'>,
  { run, bucketWasEmpty }: Begun,
  why: unknown,
): Promise<never> {
  if (!(why instanceof BackupFault)) throw why;
  await database.abandon(run, async () => {
    if (bucketWasEmpty) await deletePut(store, backup);
  });
  throw why;
}

/** What a restore can have put: the backup's own keys, and nothing else that may be there by now. */
async function deletePut(store: TakeBackDeps['store'], backup: Pick<OpenBackup, 'objects'>): Promise<void> {
  let keys: ObjectKey[] = [];
  try {
    for await (const { key } of backup.objects()) {
      if (keys.push(key) < DELETED_AT_ONCE) continue;
      await store.deleteMany(keys);
      keys = [];
    }
  } catch (error) {
    // a list that ends half way did so for the restore as well: what it put is named by the first half
    if (!(error instanceof BackupFault)) throw error;
  }
  await store.deleteMany(keys);
}
