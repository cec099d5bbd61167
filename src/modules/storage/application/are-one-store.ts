import { type AttemptId, type ImageId, newId, type ProductId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { attemptPrefix, imageKey } from '../../../kernel/object-key';
import type { StagingArea } from '../../../platform/staging/staging-area';
import type { IntentJournal } from '../domain/intent-journal';
import type { ObjectStore } from '../domain/object-store';

export interface OneStoreDeps {
  readonly source: Pick<ObjectStore, 'head'>;
  readonly target: Pick<ObjectStore, 'put' | 'deleteMany'>;
  readonly journal: Pick<IntentJournal, 'open'>;
  readonly staging: Pick<StagingArea, 'open'>;
  readonly log: Log;
}

/**
 * Whether what is put on the target is seen on the source: then they are one store that has two names. Journalled as any attempt, for
 * then the sweep takes what a process that dies here has left in the source. Whoever may only put, get and list at the target can copy to
 * it all the same: what it can't delete is named in the log.
 */
export async function areOneStore({ source, target, journal, staging, log }: OneStoreDeps): Promise<boolean> {
  const [id, productId] = [newId<AttemptId>(), newId<ProductId>()];
  const prefix = attemptPrefix(productId, id);
  await journal.open({ id, kind: 'upload', productId, prefix });
  const key = imageKey(prefix, newId<ImageId>(), 'original', 'jpg');
  const folder = await staging.open();
  try {
    await target.put(key, await folder.stage(new Blob(['these bytes are no photo']).stream()), 'image/jpeg');
    return (await source.head(key)) !== null;
  } finally {
    await target
      .deleteMany([key])
      .catch((err: unknown) =>
        log.warn({ err, key }, 'a probe is left in the target of the copies; delete it by hand'),
      );
    await folder.remove();
  }
}
