import type { Log } from '../../kernel/log';
import type { ObjectKey } from '../../kernel/object-key';
import type { Orm } from '../../platform/database/database';
import type { StagingArea } from '../../platform/staging/staging-area';
import { areOneStore } from './application/are-one-store';
import { type MigrateRequest, migrateObjects } from './application/migrate-objects';
import type { IntentJournal } from './domain/intent-journal';
import { type MigrationReport, TargetIsSource } from './domain/object-migration';
import type { ObjectStore } from './domain/object-store';
import { postgresNamedObjects } from './infrastructure/postgres-named-objects';

export interface MigrationDeps {
  readonly orm: Orm;
  readonly staging: StagingArea;
  readonly buckets: readonly string[];
  readonly source: ObjectStore;
  readonly journal: Pick<IntentJournal, 'open'>;
  readonly log: Log;
}

export interface Migration {
  /** The bucket that rows are to name from now on. */
  readonly targetBucket: string;
  /** Makes the target's bucket where it is missing, then copies. @throws TargetIsSource */
  run(request: MigrateRequest): Promise<MigrationReport>;
}

/** @param keyOf reads the URLs of rows */
export function objectMigration(
  deps: MigrationDeps,
  target: ObjectStore,
  keyOf: (url: string) => ObjectKey,
): Migration {
  const names = postgresNamedObjects(deps.orm, { buckets: deps.buckets, keyOf });
  return {
    targetBucket: target.bucket,
    async run(request) {
      await target.prepare();
      if (await areOneStore({ ...deps, target })) throw new TargetIsSource();
      return await migrateObjects({ names, source: deps.source, target, staging: deps.staging })(request);
    },
  };
}
