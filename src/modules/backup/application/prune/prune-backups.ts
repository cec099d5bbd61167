import type { ObjectKey } from '../../../../kernel/object-key';
import { BackupUnreadable, PruneBrake } from '../../domain/backup-faults';
import type { BackupRun, OnProgress } from '../../domain/create-ports';
import {
  ALL_BLOBS,
  type BackupId,
  backupFolder,
  fileOf,
  MANIFEST,
  nameOfBlobKey,
  PENDING,
  segmentsFolder,
} from '../../domain/layout';
import type { Manifest, Segment } from '../../domain/manifest';
import { daysLost, daysThatMayGo, keptBackups, newestOf, type RetentionPolicy } from '../../domain/retention';
import type { TargetStore } from '../../domain/target-store';
import { type BackupFolder, listBackups } from '../read/list-backups';
import { type OpenDeps, readManifest } from '../read/open-backup';
import { bytesOfSegment, linesOf } from '../read/segments';
import { CLOCK, nowOfTarget } from '../target/target-lease';
import { type UnderLeaseDeps, underLease } from '../target/under-lease';
import { Deletions } from './deletions';
import { Marks, namesOf } from './marks';

export interface PruneDeps extends OpenDeps, UnderLeaseDeps {
  readonly target: TargetStore;
  readonly policy: RetentionPolicy;
  /** Of all stored objects, how many may go at once. */
  readonly maxShare: number;
  /** So many days may lose their backups at once, where it comes every day. */
  readonly maxDays: number;
  /** When the last prune began that ended well. */
  readonly lastPrunedAt: () => Promise<Date | null>;
}

/** What is younger stays: a backup may be under way that has not said yet what it counts on. */
const YOUNG_MS = 24 * 60 * 60 * 1000;
const BATCH = 1000;
/** So many may always go. */
const FEW = 100;

interface Plan {
  readonly whole: readonly BackupFolder[];
  /** Whole ones that stay, with what they name. */
  readonly kept: readonly Manifest[];
  /** Under way, or dead for less than a day. */
  readonly pending: readonly BackupFolder[];
  readonly doomed: readonly BackupFolder[];
  /** That have a backup, and would have none any more. */
  readonly daysLost: number;
  /** More must not. */
  readonly daysThatMayGo: number;
  /** By the target's clock: what was written later is not touched. */
  readonly before: Date;
}

/**
 * Removes the backups that the policy does not keep, and the objects that no other names. Never the newest backup, nor the newest ones
 * that were verified, with some of their objects and with all. Safe to stop, and to repeat.
 * @throws TargetBusy, PruneBrake; ObjectsNotDeleted at the end, where the target keeps some; BackupUnreadable where a manifest can't be
 * read: what it names is not known
 */
export const pruneBackups =
  (deps: PruneDeps) =>
  async (run: BackupRun, { dryRun, onProgress }: { dryRun: boolean; onProgress: OnProgress }): Promise<void> =>
    underLease(deps, 'prune', async (alive) => {
      const signal = AbortSignal.any([run.signal, alive.signal]);
      const plan = await makePlan(deps);
      run.count('backups_kept', plan.kept.length);
      run.count('backups_pending', plan.pending.length);
      run.count(dryRun ? 'backups_would_go' : 'backups_removed', dryRun ? plan.doomed.length : 0);
      const counted = await sweep(deps, plan, signal, { deletions: null, onProgress });
      brake(deps, plan, counted);
      run.count('objects', counted.all);
      run.count(dryRun ? 'objects_would_go' : 'objects_removed', dryRun ? counted.doomed : 0);
      if (dryRun) return;
      await alive.confirm();
      const deletions = new Deletions(deps.target, run);
      let isAnyLeft = false;
      for (const { id } of plan.doomed) {
        if (await removeBackup(deps, deletions, id, signal)) run.count('backups_removed');
        else isAnyLeft = true;
      }
      // a backup whose manifest stays is there still, and so is what it names
      if (counted.doomed > 0 && !isAnyLeft) {
        const onRemoved = (count: number) => run.count('objects_removed', count);
        await sweep(deps, plan, signal, { deletions, onProgress, onRemoved });
      }
      await removeLeavings(deps, deletions, plan, signal);
      deletions.end();
    });

async function makePlan(deps: PruneDeps): Promise<Plan> {
  const folders = await listBackups(deps)();
  const before = new Date((await nowOfTarget(deps)).getTime() - YOUNG_MS);
  const whole = folders.filter(({ isWhole }) => isWhole);
  const manifests = new Map<BackupId, Manifest>();
  for (const { id } of whole) manifests.set(id, await readForPrune(deps, id));
  const dated = [...manifests.values()].map(({ backupId: id, snapshotAt }) => ({ id, snapshotAt }));
  const kept = keptBackups(dated, deps.policy);
  for (const mark of ['verifiedAt', 'fullyVerifiedAt'] as const) {
    const marked = new Set(whole.filter((folder) => folder[mark] !== null).map(({ id }) => id));
    const newest = newestOf(dated.filter(({ id }) => marked.has(id)));
    if (newest) kept.add(newest.id);
  }
  const stays = (folder: BackupFolder) => folder.touchedAt >= before || (folder.isWhole && kept.has(folder.id));
  const staying = new Set(whole.filter(stays).map(({ id }) => id));
  return {
    whole: whole.filter(stays),
    kept: [...staying].map((id) => manifests.get(id) as Manifest),
    daysLost: daysLost(dated, staying),
    daysThatMayGo: daysThatMayGo(dated, deps.maxDays, await deps.lastPrunedAt()),
    pending: folders.filter((folder) => !folder.isWhole && stays(folder)),
    doomed: folders.filter((folder) => !stays(folder)),
    before,
  };
}

async function readForPrune(deps: PruneDeps, id: BackupId): Promise<Manifest> {
  try {
    return await readManifest(deps, id);
  } catch (error) {
    if (error instanceof BackupUnreadable)
      deps.log.error(
        { backup_id: id },
        'nothing is pruned while this backup can’t be read: what it names is not known',
      );
    throw error;
  }
}

interface Sweeping {
  /** Null where it only counts. */
  readonly deletions: Deletions | null;
  readonly onProgress: OnProgress;
  readonly onRemoved?: (count: number) => void;
}

interface Swept {
  all: number;
  doomed: number;
}

/** Goes through all stored objects and all lists side by side; deletes what none names and what is old enough. */
async function sweep(
  deps: PruneDeps,
  plan: Plan,
  signal: AbortSignal,
  { deletions, onProgress, onRemoved }: Sweeping,
): Promise<Swept> {
  const swept: Swept = { all: 0, doomed: 0 };
  const marks = await Marks.of(await listsOf(deps, plan));
  let batch: ObjectKey[] = [];
  const end = async () => {
    signal.throwIfAborted();
    if (deletions) onRemoved?.(await deletions.of(batch));
    batch = [];
  };
  try {
    for await (const { key, lastModified } of deps.target.list(ALL_BLOBS)) {
      const name = nameOfBlobKey(key);
      if (!name) continue;
      swept.all += 1;
      if (swept.all % BATCH === 0) onProgress(swept.all, null, 'objects');
      if ((await marks.has(name)) || lastModified >= plan.before) continue;
      swept.doomed += 1;
      batch.push(key);
      if (batch.length === BATCH) await end();
    }
    await end();
  } finally {
    await marks.close();
  }
  return swept;
}

/** Each is sorted: the runs of whole backups, and the segments that a pending one has written so far. */
async function listsOf(deps: PruneDeps, { kept, pending }: Plan) {
  const lists = kept.flatMap((manifest) => runsOf(manifest).map((run) => namesOf(linesOf(bytesOfRun(deps, run)))));
  for (const { id } of pending) {
    for await (const { key } of deps.target.list(segmentsFolder(id, 'objects'))) {
      lists.push(namesOf(linesOf(deps.codec.unpack(await deps.target.get(key), key))));
    }
  }
  return lists;
}

function runsOf({ objects: { list, runs } }: Manifest): Segment[][] {
  return runs.map((start, at) => list.segments.slice(start, runs[at + 1]));
}

async function* bytesOfRun(deps: PruneDeps, run: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const segment of run) yield* bytesOfSegment(deps, segment);
}

/** Objects alone do not tell: a year of backups may differ by few. */
function brake(
  { maxShare, maxDays }: PruneDeps,
  { daysLost: days, daysThatMayGo: allowed }: Plan,
  { all, doomed }: Swept,
): void {
  if (days > allowed) {
    const late = allowed > maxDays ? `, and ${allowed - maxDays} for those that were made since the last prune` : '';
    throw new PruneBrake(`${days} days would have no backup any more`, `${maxDays} (BACKUP_PRUNE_MAX_DAYS)${late}`);
  }
  if (doomed > Math.max(FEW, all * maxShare))
    throw new PruneBrake(
      `${doomed} of ${all} stored objects would go`,
      `the share of ${maxShare} (BACKUP_PRUNE_MAX_SHARE)`,
    );
}

/**
 * Without its manifest it does not exist; if this ends half way, what is left is nobody’s and goes a day later.
 * @returns whether it is gone
 */
async function removeBackup(
  { target }: PruneDeps,
  deletions: Deletions,
  id: BackupId,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  if ((await deletions.of([fileOf(id, MANIFEST)])) === 0) return false;
  const keys: ObjectKey[] = [];
  for await (const { key } of target.list(backupFolder(id))) keys.push(key);
  await deletions.of(keys);
  return true;
}

/** Whoever could not delete, because it died or had no right to, has left these. */
async function removeLeavings(
  { target }: PruneDeps,
  deletions: Deletions,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const left = plan.whole
    .filter(({ isPending, touchedAt }) => isPending && touchedAt < plan.before)
    .map(({ id }) => fileOf(id, PENDING));
  for await (const { key, lastModified } of target.list(CLOCK)) if (lastModified < plan.before) left.push(key);
  signal.throwIfAborted();
  await deletions.of(left);
}
