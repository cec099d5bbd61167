import type { ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import type { OpenBackup } from '../read/open-backup';
import { type PutBackDeps, putBack } from './put-back';

export interface RestoreObjectsDeps extends PutBackDeps {
  /** By what keys are named in the living database, at one moment. */
  readonly namesOf: (keys: readonly ObjectKey[]) => Promise<ReadonlyMap<ObjectKey, 'row' | 'intent'>>;
}

export interface RestoredObjects {
  readonly put: number;
  readonly bytes: number;
  /** Were there already, with the right bytes. */
  readonly present: number;
  /** Of those that were put: the key held other bytes. */
  readonly replaced: number;
  /** In the backup, and named by no row any more: they stay away. */
  readonly unnamed: number;
  /** Not there, and the backup does not have them whole. */
  readonly lost: readonly ObjectKey[];
  /** The key holds other bytes, which were not to be replaced. */
  readonly taken: readonly ObjectKey[];
}

export interface RestoreObjectsOptions {
  /** Other bytes under a key that a row names are replaced by those of the backup. */
  readonly replaceDamaged?: boolean;
  readonly onProgress?: (done: number) => void;
}

const ASKED_AT_ONCE = 500;

/**
 * Fills a bucket that has lost objects, for the living database: what its rows name, and the backup has. Safe to repeat.
 * @throws AppError STORAGE_UNAVAILABLE
 */
export const restoreObjects =
  (deps: RestoreObjectsDeps) =>
  async (
    backup: OpenBackup,
    { replaceDamaged = false, onProgress }: RestoreObjectsOptions = {},
  ): Promise<RestoredObjects> => {
    const counted = { unnamed: 0 };
    const put = await putBack(deps, backup, stillNamed(deps, backup, counted), {
      looksFirst: true,
      replaces: replaceDamaged,
      ...(onProgress ? { onProgress } : {}),
    });
    return { ...put, unnamed: counted.unnamed };
  };

async function* stillNamed({ namesOf }: RestoreObjectsDeps, backup: OpenBackup, counted: { unnamed: number }) {
  const named = async (batch: readonly BackedObject[]) => {
    const names = await namesOf(batch.map(({ key }) => key));
    const kept = batch.filter(({ key }) => names.get(key) === 'row');
    counted.unnamed += batch.length - kept.length;
    return kept;
  };
  let batch: BackedObject[] = [];
  for await (const object of backup.objects()) {
    if (batch.push(object) < ASKED_AT_ONCE) continue;
    yield* await named(batch);
    batch = [];
  }
  if (batch.length > 0) yield* await named(batch);
}
