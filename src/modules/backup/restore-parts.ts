import type { ObjectKey } from '../../kernel/object-key';
import type { Database } from '../../platform/database/database';
import { knownSchemaVersions } from '../../platform/database/migrate';
import type { StagingArea } from '../../platform/staging/staging-area';
import { restoreBackup } from './application/restore/restore-backup';
import { restoreObjects } from './application/restore/restore-objects';
import { restoreProduct } from './application/restore/restore-product';
import type { RestoredStore } from './domain/restore';
import type { RestoreJournal } from './domain/restored-product';
import { postgresLivingObjects } from './infrastructure/restore/living-objects';
import { restoredDatabase } from './infrastructure/restore/restored-database';
import { restoredProducts } from './infrastructure/restore/restored-products';

export interface RestorePartsDeps {
  /** Of the role that owns the tables. */
  readonly ownerUrl: string;
  /** As the application. */
  readonly database: Pick<Database, 'query'>;
  readonly store: RestoredStore;
  readonly journal: RestoreJournal;
  readonly enqueueMissing: () => Promise<unknown>;
  readonly buckets: readonly string[];
  readonly staging: Pick<StagingArea, 'open'>;
  readonly typeOfKey: (key: ObjectKey) => string;
  /** BACKUP_CONCURRENCY */
  readonly lanes: number;
}

/** Bringing back, on its adapters. */
export function restoreParts(deps: RestorePartsDeps) {
  const restored = restoredDatabase(deps.ownerUrl);
  return {
    whole: restoreBackup({ ...deps, database: restored, schemaVersions: knownSchemaVersions() }),
    product: restoreProduct({ ...deps, products: restoredProducts(deps.ownerUrl, deps.store.bucket) }),
    objects: restoreObjects({ ...deps, living: postgresLivingObjects(deps.database) }),
    /** For a database that was brought back to an earlier moment by other means. @throws where it can't be asked */
    putRight: restored.putRight,
    /** Of a scratch system: everything goes. */
    abandon: restored.abandon,
  };
}
