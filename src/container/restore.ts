import { restoreParts } from '../modules/backup';
import { contentTypeOfKey, type StorageModule } from '../modules/storage';
import type { StagingArea } from '../platform/staging/staging-area';
import type { Ground } from './ground';

interface RestoreGround {
  readonly storage: StorageModule;
  readonly staging: StagingArea;
  readonly prepare: { enqueueMissing(): Promise<number> };
  readonly ownerUrl: string;
}

/** Bringing back, into the database and the store that the settings name. */
export function buildRestore({ settings }: Ground, { storage, staging, prepare, ownerUrl }: RestoreGround) {
  const { store, buckets, journal, namesOf } = storage;
  return restoreParts({
    ownerUrl,
    store,
    buckets,
    journal,
    namesOf,
    staging,
    enqueueMissing: prepare.enqueueMissing,
    typeOfKey: contentTypeOfKey,
    lanes: settings.BACKUP_CONCURRENCY,
  });
}
