import { inLanes } from '../../../../kernel/in-lanes';
import type { ObjectKey } from '../../../../kernel/object-key';
import { patiently } from '../../../../kernel/patiently';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';
import type { StagingArea } from '../../../../platform/staging/staging-area';
import type { BackedObject } from '../../domain/backed-object';
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
  readonly onProgress?: (done: number) => void;
}

export interface PutBack {
  put: number;
  bytes: number;
  present: number;
  /** The backup does not have them, or not whole. */
  readonly lost: ObjectKey[];
  /** The store has other bytes under the key. Keys are write-once: they are not replaced. */
  readonly taken: ObjectKey[];
}

const PAUSES_MS = [500, 2_000, 5_000];

/**
 * Puts the objects under their keys, each compared with its sha-256 twice: as it leaves the backup, and by the store. Safe to repeat.
 * All are tried, whatever becomes of one: so that one run tells everything that is wrong.
 * @throws AppError STORAGE_UNAVAILABLE when a store is out of order for longer than its retries: repeat it
 */
export async function putBack(
  deps: PutBackDeps,
  backup: Pick<OpenBackup, 'open'>,
  objects: AsyncIterable<BackedObject>,
  { looksFirst, onProgress }: PutBackOptions,
): Promise<PutBack> {
  const report: PutBack = { put: 0, bytes: 0, present: 0, lost: [], taken: [] };
  let done = 0;
  await inLanes(objects, deps.lanes, async (object) => {
    const there = looksFirst ? await patiently(PAUSES_MS, () => digestAt(deps.store, object.key)) : null;
    if (there === object.sha256) report.present += 1;
    else if (there !== null) report.taken.push(object.key);
    else await patiently(PAUSES_MS, () => putOne(deps, backup, object, report));
    done += 1;
    onProgress?.(done);
  });
  return report;
}

async function putOne(
  { store, staging, typeOfKey }: PutBackDeps,
  backup: Pick<OpenBackup, 'open'>,
  object: BackedObject,
  report: PutBack,
): Promise<void> {
  const folder = await staging.open();
  try {
    const file = await folder.stage(await backup.open(object));
    await store.put(object.key, file, typeOfKey(object.key));
    report.put += 1;
    report.bytes += file.sizeBytes;
  } catch (error) {
    if (error instanceof BackupDamaged) report.lost.push(object.key);
    else if (error instanceof Error && error.name === 'ObjectExists') report.taken.push(object.key);
    else throw error;
  } finally {
    await folder.remove();
  }
}

/** Where a store keeps no digest, the bytes are read. */
async function digestAt(store: RestoredStore, key: ObjectKey): Promise<Sha256 | null> {
  const head = await store.head(key);
  if (!head || head.sha256 !== null) return head?.sha256 ?? null;
  const hasher = new Bun.CryptoHasher('sha256');
  for await (const chunk of await store.get(key)) hasher.update(chunk);
  return sha256FromHex(hasher.digest('hex'));
}
