import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import { BackupFault } from '../../domain/backup-faults';
import type { Manifest } from '../../domain/manifest';
import type { Progress, RestoredDatabase, RestoreReport } from '../../domain/restore';
import { RestoreRefused } from '../../domain/restore-refused';
import type { OpenBackup } from '../read/open-backup';
import { type PutBack, type PutBackDeps, putBack } from './put-back';

export interface RestoreDeps extends PutBackDeps {
  readonly database: RestoredDatabase;
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
  /** What the backup does not have whole is gone without: its images are called damaged. */
  readonly withoutDamaged?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

const EVERYTHING = '' as unknown as KeyPrefix;
const OURS = 'products/' as unknown as KeyPrefix;
const NAMED_AT_MOST = 20;
const DELETED_AT_ONCE = 1000;

/**
 * Brings a whole backup back, into an empty database and an empty bucket. From the first row to the last object nobody serves what is
 * half there. One that was killed goes on where it was when it is repeated; one that is refused leaves nothing.
 * @throws RestoreRefused, BackupDamaged, WrongBackupKey; AppError STORAGE_UNAVAILABLE: repeat it
 */
export const restoreBackup =
  (deps: RestoreDeps) =>
  async (backup: OpenBackup, options: RestoreOptions = {}): Promise<RestoreReport> => {
    const startedAt = new Date();
    const { manifest } = backup;
    refuseUnreadable(deps, manifest);
    const progress = await begin(deps, manifest, options);
    const undo = (why: unknown) => takeBack(deps, progress, why);
    const absent = await keysOf(backup.absent()).catch(undo);
    if (progress.phase === 'begun') await load(deps, backup).catch(undo);
    const put = await putBack(deps, backup, without(backup.objects(), absent), {
      looksFirst: options.keepObjects === true || !progress.isFirst,
      onProgress: (done) => options.onProgress?.(done, manifest.objects.list.lines),
    }).catch(undo);
    const wrong = whatIsWrong(put, options);
    if (wrong) await undo(new RestoreRefused(wrong));
    await deps.database.migrateOn();
    const report = reportOf(manifest, put, [...absent, ...put.lost], startedAt);
    await finish(deps, report, startedAt);
    return report;
  };

type Begun = Progress & { readonly isFirst: boolean };

function refuseUnreadable({ buckets, schemaVersions }: RestoreDeps, { schema, bucket, version }: Manifest): void {
  if (!schemaVersions.includes(schema.lastMigration))
    throw new RestoreRefused(
      `the backup was made by version ${version}, whose schema this one does not know: use that version, or a newer one`,
    );
  if (!buckets.includes(bucket))
    throw new RestoreRefused(
      `the rows of the backup name the bucket "${bucket}": add it to S3_FORMER_BUCKET_NAMES, so that this software knows that they mean its own`,
    );
}

async function begin(deps: RestoreDeps, { backupId }: Manifest, options: RestoreOptions): Promise<Begun> {
  const found = await deps.database.find();
  if (await deps.database.isInUse())
    throw new RestoreRefused('servers are connected to the database: stop all of them first');
  if (found.is === 'half-restored' && found.backupId === backupId) return { ...found, isFirst: false };
  if (found.is === 'foreign') throw new RestoreRefused('the database holds tables of another software');
  if (found.is !== 'empty' && !options.discardDatabase)
    throw new RestoreRefused(
      found.is === 'filled'
        ? 'the database is not empty: name an empty one by DATABASE_URL, or throw this one away with --discard-database'
        : `the database holds half of backup ${found.backupId}: repeat that one, or throw it away with --discard-database`,
    );
  const bucketWasEmpty = await isEmpty(deps);
  if (!bucketWasEmpty && !options.keepObjects)
    throw new RestoreRefused(
      `the bucket "${deps.store.bucket}" is not empty: name an empty one, or keep what is there with --keep-objects (objects with the right bytes stay, others are never replaced)`,
    );
  const progress = { backupId, phase: 'begun', bucketWasEmpty } as const;
  await deps.database.begin(progress);
  return { ...progress, isFirst: true };
}

async function isEmpty({ store }: RestoreDeps): Promise<boolean> {
  for await (const _object of store.list(EVERYTHING)) return false;
  return true;
}

async function load({ database }: RestoreDeps, { manifest, rows }: OpenBackup): Promise<void> {
  const tables = manifest.tables.map(({ name, columns, lines }) => ({ name, columns, lines, rows: () => rows(name) }));
  await database.load(manifest.schema.lastMigration, tables, manifest.sequences);
}

/** Null where all is well, or the operator wants what there is. */
function whatIsWrong({ lost, taken }: PutBack, { withoutDamaged }: RestoreOptions): string | null {
  const some = (keys: readonly ObjectKey[]) =>
    keys.slice(0, NAMED_AT_MOST).join(', ') + (keys.length > NAMED_AT_MOST ? ', …' : '');
  if (taken.length > 0)
    return `${taken.length} keys hold other bytes in the bucket, and are not replaced: ${some(taken)}`;
  if (lost.length === 0 || withoutDamaged) return null;
  return `${lost.length} objects are missing or damaged in the backup: ${some(lost)}. Restore another one, or this one with --without-damaged: their images are marked, and everything else comes back`;
}

/**
 * Nothing of a refused restore stays: no row, and no object that was not there before. What failed for another reason, an outage say,
 * goes on when it is repeated.
 */
async function takeBack(deps: RestoreDeps, { bucketWasEmpty }: Begun, why: unknown): Promise<never> {
  if (!(why instanceof BackupFault)) throw why;
  if (bucketWasEmpty) {
    let keys: ObjectKey[] = [];
    for await (const { key } of deps.store.list(OURS)) {
      keys.push(key);
      if (keys.length < DELETED_AT_ONCE) continue;
      await deps.store.deleteMany(keys);
      keys = [];
    }
    await deps.store.deleteMany(keys);
  }
  await deps.database.abandon();
  throw why;
}

async function finish({ database }: RestoreDeps, report: RestoreReport, startedAt: Date): Promise<void> {
  const { manifest, rows, objects, bytes, present, lost } = report;
  await database.finish({
    reason: `restored from backup ${manifest.backupId} of ${manifest.snapshotAt.toISOString()}`,
    startedAt,
    counts: { rows, objects, bytes, present, lost: lost.length },
    lost,
  });
}

function reportOf(manifest: Manifest, put: PutBack, lost: readonly ObjectKey[], startedAt: Date): RestoreReport {
  return {
    manifest,
    rows: manifest.tables.reduce((sum, { lines }) => sum + lines, 0),
    objects: put.put,
    bytes: put.bytes,
    present: put.present,
    lost,
    seconds: (Date.now() - startedAt.getTime()) / 1000,
  };
}

async function keysOf(objects: AsyncIterable<BackedObject>): Promise<Set<ObjectKey>> {
  const keys = new Set<ObjectKey>();
  for await (const { key } of objects) keys.add(key);
  return keys;
}

async function* without(objects: AsyncIterable<BackedObject>, keys: ReadonlySet<ObjectKey>) {
  for await (const object of objects) if (!keys.has(object.key)) yield object;
}
