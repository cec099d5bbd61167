import { storePlaceOf } from '../config/derive';
import { restoreParts } from '../modules/backup';
import { contentTypeOfKey, type StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import type { StagingArea } from '../platform/staging/staging-area';
import type { Ground } from './ground';

interface RestoreGround {
  readonly database: Database;
  readonly storage: StorageModule;
  readonly staging: StagingArea;
  readonly prepare: { enqueueMissing(): Promise<number> };
  readonly ownerUrl: string;
}

/** Bringing back, into the database and the store that the settings name. */
export function buildRestore({ settings }: Ground, { database, storage, staging, prepare, ownerUrl }: RestoreGround) {
  const { store, buckets, journal } = storage;
  return restoreParts({
    ownerUrl,
    ownConnections: () => database.connections.total,
    place: storePlaceOf(settings),
    database,
    store,
    buckets,
    journal,
    staging,
    enqueueMissing: prepare.enqueueMissing,
    typeOfKey: contentTypeOfKey,
    lanes: settings.BACKUP_CONCURRENCY,
  });
}
