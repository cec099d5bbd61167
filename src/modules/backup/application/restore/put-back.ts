import { inLanes } from '../../../../kernel/in-lanes';
import type { ObjectKey } from '../../../../kernel/object-key';
import { patiently } from '../../../../kernel/patiently';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';
import type { StagedFile } from '../../../../kernel/staged-file';
import type { StagingArea } from '../../../../platform/staging/staging-area';
import { type BackedObject, NO_DIGEST } from '../../domain/backed-object';
import { BackupDamaged } from '../../domain/backup-faults';
import type { RestoredStore } from '../../domain/restore';
import type { OpenBackup } from '../read/open-backup';

export interface PutBackDeps {
  readonly store: RestoredStore;
  readonly staging: Pick<StagingArea, 'open'>;
  readonly typeOfKey: (key: ObjectKey) => string;
  /** Objects at once: BACKUP_CONCURRENCY. */
  readonly lanes: number;
}

export interface PutBackOptions {
  /** Something may be there already: what is right is not sent again. */
  readonly looksFirst: boolean;
  /** Other bytes under a key give way to those of the backup, once those are here and whole. Else keys are write-once. */
  readonly replaces?: boolean;
  /** No object is begun after it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

export interface PutBack {
  put: number;
  bytes: number;
  present: number;
  /** Of those that were put: so many keys held other bytes before. */
  replaced: number;
  /** The backup does not have them, or not whole. */
  readonly lost: ObjectKey[];
  /** The store has other bytes under the key, and they were not to be replaced. */
  readonly taken: ObjectKey[];
}

const PAUSES_MS = [500, 2_000, 5_000];

/**
 * Puts the objects under their keys, each compared with its sha-256 twice: as it leaves the backup, and by the store. Safe to repeat.
 * All are tried, whatever becomes of one: so that one run tells everything that is wrong.
 * @throws AppError STORAGE_UNAVAILABLE when a store is out of order for longer than its retries: repeat it; `signal.reason`
 */
export async function putBack(
  deps: PutBackDeps,
  backup: Pick<OpenBackup, 'open'>,
  objects: AsyncIterable<BackedObject>,
  options: PutBackOptions,
): Promise<PutBack> {
  const report: PutBack = { put: 0, bytes: 0, present: 0, replaced: 0, lost: [], taken: [] };
  let done = 0;
  await inLanes(objects, deps.lanes, async (object) => {
    options.signal?.throwIfAborted();
    const there = options.looksFirst ? await patiently(PAUSES_MS, () => digestAt(deps.store, object.key)) : null;
    if (isRight(object, there)) report.present += 1;
    else if (there !== null && !options.replaces) report.taken.push(object.key);
    else
      await patiently(PAUSES_MS, () => putOne(deps, backup, object, { report, replaces: options.replaces === true }));
    done += 1;
    options.onProgress?.(done);
  });
  return report;
}

/** What was absent when the backup was made, and no row told its digest, is as good as anything that is there. */
function isRight({ sha256 }: BackedObject, there: Sha256 | null): boolean {
  return there !== null && (there === sha256 || sha256 === NO_DIGEST);
}

async function putOne(
  deps: PutBackDeps,
  backup: Pick<OpenBackup, 'open'>,
  object: BackedObject,
  { report, replaces }: { report: PutBack; replaces: boolean },
): Promise<void> {
  const folder = await deps.staging.open();
  try {
    const file = await folder.stage(await backup.open(object));
    if (await putOrReplace(deps, object.key, file, replaces)) report.replaced += 1;
    report.put += 1;
    report.bytes += file.sizeBytes;
  } catch (error) {
    if (error instanceof BackupDamaged) report.lost.push(object.key);
    else if (isTaken(error)) report.taken.push(object.key);
    else throw error;
  } finally {
    await folder.remove();
  }
}

/** @returns whether other bytes gave way */
async function putOrReplace(
  { store, typeOfKey }: PutBackDeps,
  key: ObjectKey,
  file: StagedFile,
  replaces: boolean,
): Promise<boolean> {
  try {
    await store.put(key, file, typeOfKey(key));
    return false;
  } catch (error) {
    if (!replaces || !isTaken(error)) throw error;
  }
  // the right bytes are staged and checked by now
  await store.deleteMany([key]);
  await store.put(key, file, typeOfKey(key));
  return true;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && error.name === 'ObjectExists';
}

/** Where a store keeps no digest, the bytes are read. */
async function digestAt(store: RestoredStore, key: ObjectKey): Promise<Sha256 | null> {
  const head = await store.head(key);
  if (!head || head.sha256 !== null) return head?.sha256 ?? null;
  const hasher = new Bun.CryptoHasher('sha256');
  for await (const chunk of await store.get(key)) hasher.update(chunk);
  return sha256FromHex(hasher.digest('hex'));
}
