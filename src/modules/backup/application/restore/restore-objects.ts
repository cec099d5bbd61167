import type { ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import { RestoreRefused } from '../../domain/restore-refused';
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
  /** In the backup, and named by no row any more: they stay away. */
  readonly unnamed: number;
  readonly lost: readonly ObjectKey[];
}

const ASKED_AT_ONCE = 500;

/**
 * Fills a bucket that has lost objects, for the living database: what its rows name, and the backup has. Safe to repeat.
 * @throws RestoreRefused where a key holds other bytes; AppError STORAGE_UNAVAILABLE
 */
export const restoreObjects =
  (deps: RestoreObjectsDeps) =>
  async (backup: OpenBackup, onProgress?: (done: number) => void): Promise<RestoredObjects> => {
    const counted = { unnamed: 0 };
    const { put, bytes, present, lost, taken } = await putBack(deps, backup, stillNamed(deps, backup, counted), {
      looksFirst: true,
      ...(onProgress ? { onProgress } : {}),
    });
    if (taken.length > 0)
      throw new RestoreRefused(
        `${taken.length} keys hold other bytes, and are not replaced: ${taken.slice(0, 20).join(', ')}`,
      );
    return { put, bytes, present, lost, unnamed: counted.unnamed };
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
