import type { KeyPrefix } from '../../../../kernel/object-key';
import type { BackupId } from '../../domain/layout';
import type { FoundDatabase, Progress, RestoreRun } from '../../domain/restore';
import { RestoreRefused } from '../../domain/restore-refused';
import type { OpenBackup } from '../read/open-backup';
import { readLines } from './read-lines';
import type { RestoreDeps, RestoreOptions } from './restore-request';

export type Begun = Progress & {
  /** Nothing of it was there before. */
  readonly isFirst: boolean;
};

const EVERYTHING = '' as unknown as KeyPrefix;
const NAMED_AT_MOST = 10;

/**
 * While the run is alone with the database: goes on with what an earlier run of the same backup has begun, or begins.
 * @throws RestoreRefused, BackupDamaged
 */
export async function beginRestore(
  deps: RestoreDeps,
  run: RestoreRun,
  backup: OpenBackup,
  options: RestoreOptions,
): Promise<Begun> {
  const { backupId } = backup.manifest;
  const found = await deps.database.find();
  if (mayGoOn(deps, found, backupId, options)) {
    await deps.database.goOn(found.run, run);
    return { ...found, run, isFirst: false };
  }
  refuseOccupied(found, backupId, options);
  const bucketWasEmpty = await isEmpty(deps);
  if (!bucketWasEmpty && !options.keepObjects)
    throw new RestoreRefused(
      `the bucket "${deps.store.bucket}" is not empty: name an empty one, or keep what is there with --keep-objects (objects with the right bytes stay, others are never replaced unless --replace-damaged says so)`,
    );
  // the last moment at which there is something to go back to
  if (found.is === 'filled') await readLines(backup, options.signal);
  const isRehearsal = options.rehearsal !== undefined;
  const progress: Progress = { run, backupId, phase: 'begun', place: deps.place, bucketWasEmpty, isRehearsal };
  await deps.database.begin(progress);
  return { ...progress, isFirst: true };
}

type HalfRestored = FoundDatabase & { readonly is: 'half-restored' };

/** A rehearsal begins anew each time, and nothing goes on with one. */
function mayGoOn(
  { place }: RestoreDeps,
  found: FoundDatabase,
  backupId: BackupId,
  { rehearsal, discardDatabase }: RestoreOptions,
): found is HalfRestored {
  if (found.is !== 'half-restored' || found.backupId !== backupId) return false;
  if (found.isRehearsal || rehearsal !== undefined) return false;
  if (found.place === place) return true;
  if (discardDatabase) return false;
  throw new RestoreRefused(
    `the restore that began here brings its objects to ${found.place}, and the settings name ${place}: set them as they were and repeat it, or throw the database away with --discard-database`,
  );
}

function refuseOccupied(
  found: FoundDatabase,
  backupId: BackupId,
  { rehearsal, discardDatabase }: RestoreOptions,
): void {
  if (found.is === 'empty') return;
  if (found.is === 'foreign')
    throw new RestoreRefused(
      `the database holds tables of another software, or of a newer version of this one (${some(found.what)}): name another database`,
    );
  if (found.is === 'half-restored by an earlier version') {
    refuseEarlier(found.backupId, rehearsal, discardDatabase);
    return;
  }
  if (rehearsal !== undefined) {
    // whatever else is in it, no drill has put there
    if (found.is === 'half-restored' && found.isRehearsal) return;
    throw new RestoreRefused(
      'the database is not empty, and no drill has filled it: name one that is for drills alone',
    );
  }
  if (discardDatabase) return;
  throw new RestoreRefused(
    found.is === 'filled'
      ? 'the database is not empty: name an empty one by DATABASE_URL, or throw this one away with --discard-database'
      : `the database holds ${found.isRehearsal ? 'what a drill has left of' : 'half of'} backup ${found.backupId}${found.backupId === backupId ? '' : ': repeat that one'}, or throw it away with --discard-database`,
  );
}

/** Whether it was a drill's is not known either. */
function refuseEarlier(
  backupId: BackupId,
  rehearsal: RestoreOptions['rehearsal'],
  discardDatabase: RestoreOptions['discardDatabase'],
): void {
  const holds = `the database holds half of backup ${backupId}, as an earlier version of this software has left it`;
  if (rehearsal !== undefined)
    throw new RestoreRefused(
      `${holds}. If that was a drill, drop the database and make it anew, empty; else name one that is for drills alone`,
    );
  if (discardDatabase) return;
  throw new RestoreRefused(
    `${holds}: this one can't tell where its objects go, so it can't go on with it. End it with that version, or throw the database away with --discard-database`,
  );
}

async function isEmpty({ store }: RestoreDeps): Promise<boolean> {
  for await (const _object of store.list(EVERYTHING)) return false;
  return true;
}

function some(names: readonly string[]): string {
  return names.slice(0, NAMED_AT_MOST).join(', ') + (names.length > NAMED_AT_MOST ? ', …' : '');
}
