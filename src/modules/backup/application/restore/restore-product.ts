import { type AttemptId, newId, type ProductId } from '../../../../kernel/ids';
import { attemptPrefix, type KeyPrefix, type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import { RestoreRefused } from '../../domain/restore-refused';
import type { BackedProduct, MovedObject, ProductRestoreDatabase, RestoreJournal } from '../../domain/restored-product';
import type { OpenBackup } from '../read/open-backup';
import { findProduct } from './find-product';
import { type PutBackDeps, putBack } from './put-back';

export interface RestoreProductDeps extends PutBackDeps {
  readonly journal: RestoreJournal;
  readonly products: ProductRestoreDatabase;
  /** Gives a job to what is to be decoded still. */
  readonly enqueueMissing: () => Promise<unknown>;
  readonly renewEveryMs?: number;
}

export interface RestoredProduct {
  readonly id: ProductId;
  readonly status: string;
  readonly objects: number;
  readonly lost: readonly ObjectKey[];
}

/**
 * Brings one product back into the living system, as its seller's: under new keys, because the journal still deletes what comes under
 * the old ones, and by an intent like every attempt that writes objects.
 * @throws RestoreRefused where it is there, its seller is gone, or the backup does not have it whole; AppError STORAGE_UNAVAILABLE
 */
export const restoreProduct =
  (deps: RestoreProductDeps) =>
  async (backup: OpenBackup, id: ProductId, withoutDamaged = false): Promise<RestoredProduct> => {
    const product = await findProduct(backup, id);
    const why = await deps.products.whyNot(product);
    if (why) throw new RestoreRefused(why);
    const attempt = newId<AttemptId>();
    const prefix = attemptPrefix(id, attempt);
    await deps.journal.open({ id: attempt, kind: 'restore', productId: id, prefix });
    const renewing = setInterval(
      () => void deps.journal.renew(attempt).catch(() => undefined), // the commit finds out
      deps.renewEveryMs ?? 20_000,
    );
    try {
      const moved = product.objects.map(({ key }) => ({ from: key, to: newKey(prefix, key) }));
      const lost = await putMoved(deps, backup, product, moved);
      if (lost.length > 0 && !withoutDamaged) throw new RestoreRefused(damaged(lost));
      const status = await deps.products.insert(product, attempt, moved, lost);
      await deps.enqueueMissing();
      return { id, status, objects: product.objects.length - lost.length, lost };
    } finally {
      // what an attempt that failed has put lies under its intent, and goes with it
      clearInterval(renewing);
    }
  };

async function putMoved(
  deps: RestoreProductDeps,
  backup: OpenBackup,
  { objects }: BackedProduct,
  moved: readonly MovedObject[],
): Promise<ObjectKey[]> {
  const originals = new Map(objects.map((object, at) => [moved[at]?.to, object]));
  const atNewKeys = objects.map((object, at) => ({ ...object, key: moved[at]?.to ?? object.key }));
  // the blob is found by its name and checked by its digest, whatever key it is given
  const { lost } = await putBack(deps, backup, each(atNewKeys), { looksFirst: false });
  return lost.flatMap((key) => originals.get(key)?.key ?? []);
}

async function* each(objects: readonly BackedObject[]) {
  yield* objects;
}

/** `…/{image}/{original|thumb|model|processed}.{ext}` of another attempt. */
function newKey(prefix: KeyPrefix, key: ObjectKey): ObjectKey {
  return objectKey(prefix + key.split('/').slice(-2).join('/'));
}

function damaged(lost: readonly ObjectKey[]): string {
  return `the backup does not have ${lost.length} of its objects whole: ${lost.join(', ')}. Take another backup, or add --without-damaged`;
}
