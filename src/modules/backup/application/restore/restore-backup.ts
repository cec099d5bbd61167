import { newId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import type { Manifest } from '../../domain/manifest';
import type { RestoreReport, RestoreRun } from '../../domain/restore';
import { RestoreRefused } from '../../domain/restore-refused';
import type { OpenBackup } from '../read/open-backup';
import { type Begun, beginRestore } from './begin-restore';
import { type PutBack, putBack } from './put-back';
import type { RestoreDeps, RestoreOptions } from './restore-request';
import { takeBack } from './take-back';

const NAMED_AT_MOST = 20;

/**
 * Brings a whole backup back, into an empty database and an empty bucket. From the first row to the last object nobody serves what is
 * half there. One that was killed goes on where it was when it is repeated; one that is refused leaves nothing.
 * @throws RestoreRefused, BackupDamaged, WrongBackupKey; AppError STORAGE_UNAVAILABLE: repeat it; `signal.reason`
 */
export const restoreBackup =
  (deps: RestoreDeps) =>
  async (backup: OpenBackup, options: RestoreOptions = {}): Promise<RestoreReport> => {
    refuseUnreadable(deps, backup.manifest);
    return await deps.database.alone(async (lost) => {
      const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
      return await restoreAlone(deps, backup, { ...options, signal });
    });
  };

async function restoreAlone(
  deps: RestoreDeps,
  backup: OpenBackup,
  options: RestoreOptions & { readonly signal: AbortSignal },
): Promise<RestoreReport> {
  const startedAt = new Date();
  const { manifest } = backup;
  const run = options.rehearsal ?? newId<RestoreRun>();
  const begun = await beginRestore(deps, run, backup, options);
  const undo = (why: unknown) => takeBack(deps, backup, begun, why);
  const absent = await keysOf(backup.absent()).catch(undo);
  if (begun.phase === 'begun') await load(deps, run, backup, options.signal).catch(undo);
  const put = await putBack(deps, backup, backup.objects(), {
    looksFirst: options.keepObjects === true || !begun.isFirst,
    replaces: options.replaceDamaged === true,
    signal: options.signal,
    onProgress: (done) => options.onProgress?.(done, manifest.objects.list.lines),
  }).catch(undo);
  const refused = whatIsWrong(put, absent, options);
  if (refused) await undo(refused);
  options.signal.throwIfAborted();
  await deps.database.migrateOn();
  const report = reportOf(manifest, put, absent, startedAt);
  await finish(deps, begun, report, startedAt);
  return report;
}

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

async function load(
  { database }: RestoreDeps,
  run: RestoreRun,
  { manifest, rows }: OpenBackup,
  signal: AbortSignal,
): Promise<void> {
  const tables = manifest.tables.map(({ name, columns, lines }) => ({
    name,
    columns,
    lines,
    rows: () => untilStopped(rows(name), signal),
  }));
  await database.load(run, manifest.schema.lastMigration, tables, manifest.sequences);
}

async function* untilStopped(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}

/** Null where all is well, or the operator wants what there is. What the backup itself calls absent was known when it was made. */
function whatIsWrong(
  put: PutBack,
  absent: ReadonlySet<ObjectKey>,
  { withoutDamaged }: RestoreOptions,
): RestoreRefused | null {
  const unexpected = (keys: readonly ObjectKey[]) => keys.filter((key) => !absent.has(key));
  const [taken, lost] = [unexpected(put.taken), unexpected(put.lost)];
  if (taken.length > 0)
    return new RestoreRefused(
      `${taken.length} keys hold other bytes in the bucket: ${some(taken)}. Look what they are; --replace-damaged replaces them by what the backup has`,
      { keys: taken },
    );
  if (lost.length === 0 || withoutDamaged) return null;
  return new RestoreRefused(
    `${lost.length} objects are missing or damaged in the backup: ${some(lost)}. Restore another one, or this one with --without-damaged: their images are marked, and everything else comes back`,
    { keys: lost },
  );
}

function some(keys: readonly ObjectKey[]): string {
  return keys.slice(0, NAMED_AT_MOST).join(', ') + (keys.length > NAMED_AT_MOST ? ', …' : '');
}

async function finish(
  { database }: RestoreDeps,
  { run }: Begun,
  report: RestoreReport,
  startedAt: Date,
): Promise<void> {
  const { manifest, rows, objects, bytes, present, replaced, lost } = report;
  await database.finish(run, {
    reason: `restored from backup ${manifest.backupId} of ${manifest.snapshotAt.toISOString()}`,
    startedAt,
    counts: { rows, objects, bytes, present, replaced, lost: lost.length },
    lost,
  });
}

function reportOf(
  manifest: Manifest,
  { put, bytes, present, replaced, lost, taken }: PutBack,
  absent: ReadonlySet<ObjectKey>,
  startedAt: Date,
): RestoreReport {
  return {
    manifest,
    rows: manifest.tables.reduce((sum, { lines }) => sum + lines, 0),
    objects: put,
    bytes,
    present,
    replaced,
    // other bytes under the key of one that the backup never had: its image is no better off
    lost: [...lost, ...taken.filter((key) => absent.has(key))],
    seconds: (Date.now() - startedAt.getTime()) / 1000,
  };
}

async function keysOf(objects: AsyncIterable<BackedObject>): Promise<Set<ObjectKey>> {
  const keys = new Set<ObjectKey>();
  for await (const { key } of objects) keys.add(key);
  return keys;
}
