import type { RestoredDatabase, RestoreRun } from '../../domain/restore';
import type { PutBackDeps } from './put-back';

export interface RestoreDeps extends PutBackDeps {
  readonly database: RestoredDatabase;
  /** Where the store's objects are, for a reader: a restore goes on in the same place alone. */
  readonly place: string;
  /** Names that rows may carry: the configured bucket and its former ones. */
  readonly buckets: readonly string[];
  /** Schema versions of this code. */
  readonly schemaVersions: readonly number[];
}

export interface RestoreOptions {
  /** The database has accounts, or half of another backup: they are thrown away. */
  readonly discardDatabase?: boolean;
  /** The bucket has objects: right ones stay, others are never replaced. */
  readonly keepObjects?: boolean;
  /** Others are replaced, if the backup has the right ones whole. */
  readonly replaceDamaged?: boolean;
  /** What the backup does not have whole is gone without: its images are called damaged. */
  readonly withoutDamaged?: boolean;
  /**
   * A drill, by the run that abandons it: nobody ever serves from the database. What earlier ones have left in it is thrown away, and
   * never anything else.
   */
  readonly rehearsal?: RestoreRun;
  /** Stopped by it, it goes on when it is repeated. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}
