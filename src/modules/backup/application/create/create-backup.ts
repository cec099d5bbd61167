import { newId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import { type BackedObject, lineOfObject } from '../../domain/backed-object';
import { LeaseLost } from '../../domain/backup-faults';
import type { BackupPins, BackupRun, OnProgress } from '../../domain/create-ports';
import { type BackupId, backupFolder, fileOf, MANIFEST, PENDING, VOID } from '../../domain/layout';
import { FORMAT, type Manifest } from '../../domain/manifest';
import type { ManifestFormat } from '../../domain/manifest-format';
import type { TargetStore } from '../../domain/target-store';
import { BlobFinder } from '../target/blob-finder';
import { type KeptAlive, keepAlive } from '../target/keep-alive';
import { bytesOf, putBytes } from '../target/put-bytes';
import { type LeaseDeps, takeLease } from '../target/target-lease';
import { LinesWriter } from './lines-writer';
import { type SendDeps, type Sending, type Sent, sendObjects } from './send-objects';
import { type WriteSnapshotDeps, type WrittenSnapshot, writeSnapshot } from './write-snapshot';

export interface CreateDeps extends WriteSnapshotDeps, SendDeps, LeaseDeps {
  readonly target: TargetStore;
  readonly codec: WriteSnapshotDeps['codec'] & SendDeps['codec'];
  readonly manifests: ManifestFormat;
  readonly pins: BackupPins;
  readonly leaseSeconds: number;
  readonly version: string;
}

interface Work {
  readonly id: BackupId;
  /** Once the manifest's put has begun, it may come at any time, whatever was answered. */
  readonly ending: { hasBegun: boolean };
  readonly startedAt: Date;
  readonly alive: KeptAlive;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Saves database and objects as of one moment. Until its manifest is there, which is written last, the backup does not exist; what it
 * had written is removed where it fails, or by prune where it died. One that fails over its manifest may turn out whole.
 * @throws TargetBusy, LeaseLost, TooMuchAbsent; AppError STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const createBackup =
  (deps: CreateDeps) =>
  async (run: BackupRun, onProgress: OnProgress): Promise<Manifest> => {
    const id = newId<BackupId>();
    const startedAt = new Date();
    const ending = { hasBegun: false };
    const lease = await takeLease(deps, `backup ${id}`, deps.leaseSeconds);
    try {
      await putBytes(deps, fileOf(id, PENDING), bytesOf(`${startedAt.toISOString()}\n`));
      // committed before the snapshot is taken: whatever goes from then on is held for this backup
      await deps.pins.take(id, deps.leaseSeconds);
      const alive = keepAlive([lease, pinOf(deps, id)], deps.leaseSeconds, new LeaseLost('target'));
      try {
        const signal = AbortSignal.any([run.signal, alive.signal]);
        return await write(deps, { id, startedAt, ending, alive, signal, onProgress }, run);
      } finally {
        await alive.stop();
        await quietly(deps, 'held objects could not be freed; the sweep does it', () => deps.pins.free(id));
      }
    } catch (error) {
      await quietly(deps, 'what a failed backup had written is left; prune removes it', () =>
        abandon(deps, id, ending.hasBegun),
      );
      throw error;
    } finally {
      await quietly(deps, 'the lease could not be released; it ends by itself', () => lease.release());
    }
  };

async function write(deps: CreateDeps, work: Work, run: BackupRun): Promise<Manifest> {
  const { id, signal, onProgress, startedAt } = work;
  const snapshot = await writeSnapshot(deps, id, signal, onProgress);
  const tablesAt = new Date();
  const sending = { id, list: snapshot.list, absent: snapshot.absent, signal, onProgress };
  const sent = await sendObjects(deps, sending);
  const again = await sendOnceMore(deps, sending);
  const absent = await writeAbsent(deps, work, snapshot);
  const endedAt = new Date();
  const seconds = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;
  const manifest: Manifest = {
    format: FORMAT,
    backupId: id,
    version: deps.version,
    encryption: deps.codec.encryption,
    compression: 'zstd',
    bucket: deps.source.bucket,
    ...snapshot.facts,
    startedAt,
    endedAt,
    tables: snapshot.tables,
    objects: {
      list: snapshot.list,
      runs: snapshot.runs,
      absent,
      sent: { count: sent.count + again.count, bytes: sent.bytes + again.bytes },
      present: sent.present,
    },
    seconds: {
      tables: seconds(startedAt, tablesAt),
      objects: seconds(tablesAt, endedAt),
      total: seconds(startedAt, endedAt),
    },
  };
  await conclude(deps, manifest, work);
  countInto(run, manifest, sent);
  await quietly(deps, 'digests of objects that are gone were not forgotten', () => deps.snapshots.forgetDigests());
  return manifest;
}

/** What was there may have gone since, and what was missing may lie under another key of the same bytes: until nothing more is missing. */
async function sendOnceMore(deps: CreateDeps, sending: Sending): Promise<Sent> {
  const all: Sent = { count: 0, bytes: 0, present: 0 };
  for (let missing = -1; missing < sending.absent.count; ) {
    missing = sending.absent.count;
    const sent = await sendObjects(deps, sending);
    all.count += sent.count;
    all.bytes += sent.bytes;
  }
  return all;
}

/** Only while both leases are held, before and after: a manifest that was written too late is declared void. */
async function conclude(deps: CreateDeps, manifest: Manifest, { alive, signal, ending }: Work): Promise<void> {
  const key = fileOf(manifest.backupId, MANIFEST);
  await alive.confirm(signal);
  signal.throwIfAborted();
  ending.hasBegun = true;
  await putBytes(deps, key, deps.codec.seal(bytesOf(deps.manifests.write(manifest))), { signal });
  await alive.confirm(signal);
  await quietly(deps, 'manifest.pending is left; prune removes it', () =>
    deps.target.deleteMany([fileOf(manifest.backupId, PENDING)]),
  );
}

/** Of those that could not be had, what the target lacks: the same bytes may have come from another key, or with an earlier backup. */
async function writeAbsent(deps: CreateDeps, { id, signal }: Work, { absent }: WrittenSnapshot) {
  const finder = new BlobFinder(deps.target);
  const lacking: BackedObject[] = [];
  for (const object of absent.sorted()) if (!(await finder.find(object.name))) lacking.push(object);
  await finder.close();
  const lines = new LinesWriter(deps, id, 'absent', signal);
  await lines.append(bytesOf(lacking.map(lineOfObject).join('')));
  return lines.end();
}

function countInto(run: BackupRun, { tables, objects, seconds }: Manifest, first: Sent): void {
  run.count('tables', tables.length);
  run.count(
    'rows',
    tables.reduce((sum, { lines }) => sum + lines, 0),
  );
  run.count(
    'table_bytes',
    tables.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  run.count('objects', objects.list.lines);
  run.count('objects_sent', objects.sent.count);
  run.count('bytes_sent', objects.sent.bytes);
  run.count('objects_sent_again', objects.sent.count - first.count);
  run.count('objects_present', objects.present);
  run.count('objects_absent', objects.absent.lines);
  run.count('table_seconds', Math.round(seconds.tables));
}

function pinOf({ pins, leaseSeconds }: CreateDeps, id: BackupId) {
  return {
    renew: async () => {
      if (!(await pins.renew(id, leaseSeconds))) throw new LeaseLost('pin');
    },
  };
}

/**
 * A manifest that may still come must not find its files gone: first the mark that makes it void, whenever it comes. Where not even
 * that can be written everything stays: should the manifest come, the backup is whole.
 */
async function abandon(deps: CreateDeps, id: BackupId, mayManifestCome: boolean): Promise<void> {
  const { target } = deps;
  const mark = fileOf(id, VOID);
  if (mayManifestCome) await putBytes(deps, mark, bytesOf(`${new Date().toISOString()}\n`));
  await target.deleteMany([fileOf(id, MANIFEST)]);
  const keys: ObjectKey[] = [];
  for await (const { key } of target.list(backupFolder(id))) if (key !== mark) keys.push(key);
  await target.deleteMany(keys);
}

/** It must not hide why the backup ended. */
async function quietly({ log }: CreateDeps, says: string, work: () => Promise<unknown>): Promise<void> {
  await work().catch((err: unknown) => log.warn({ err }, says));
}
