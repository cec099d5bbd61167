import type { ObjectKey } from '../../kernel/object-key';
import type { Database } from '../../platform/database/database';
import { knownSchemaVersions } from '../../platform/database/migrate';
import type { StagingArea } from '../../platform/staging/staging-area';
import { restoreBackup } from './application/restore/restore-backup';
import { restoreObjects } from './application/restore/restore-objects';
import { restoreProduct } from './application/restore/restore-product';
import type { RestoredStore, RestoreRun } from './domain/restore';
import type { RestoreJournal } from './domain/restored-product';
import { postgresLivingObjects } from './infrastructure/restore/living-objects';
import { restoredDatabase } from './infrastructure/restore/restored-database';
import { restoredProducts } from './infrastructure/restore/restored-products';

export interface RestorePartsDeps {
  /** Of the role that owns the tables. */
  readonly ownerUrl: string;
  /** How many connections to the database are this process's own: none of them is a server's. */
  readonly ownConnections: () => number;
  /** As the application. */
  readonly database: Pick<Database, 'query' | 'orm'>;
  readonly store: RestoredStore;
  readonly journal: RestoreJournal;
  readonly enqueueMissing: () => Promise<unknown>;
  readonly buckets: readonly string[];
  /** Where the store's objects are, for a reader. */
  readonly place: string;
  readonly staging: Pick<StagingArea, 'open'>;
  readonly typeOfKey: (key: ObjectKey) => string;
  /** BACKUP_CONCURRENCY */
  readonly lanes: number;
}

/** Bringing back, on its adapters. */
export function restoreParts(deps: RestorePartsDeps) {
  const restored = restoredDatabase(deps.ownerUrl, deps.ownConnections);
  return {
    whole: restoreBackup({ ...deps, database: restored, schemaVersions: knownSchemaVersions() }),
    product: restoreProduct({ ...deps, products: restoredProducts(deps.ownerUrl, deps.store.bucket) }),
    objects: restoreObjects({ ...deps, living: postgresLivingObjects(deps.database) }),
    /** For a database that was brought back to an earlier moment by other means. @throws RestoreRefused where servers are connected */
    putRight: restored.putRight,
    /** Of a scratch system: all that this run has restored goes, and nothing else. */
    abandon: (run: RestoreRun) => restored.abandon(run, () => Promise.resolve()),
  };
}
