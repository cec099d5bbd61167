import type { ObjectKey } from '../../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../../kernel/objects-not-deleted';
import { type AttemptPolicy, withAttempts } from './attempts';
import { BATCH_MAX, deleteBatch, type RequestParts, type Undeleted } from './object-requests';
import { classify } from './s3-faults';

/**
 * Deletes what can be deleted: what the store refuses of a batch is asked for again as long as that may help, and does not keep the
 * next batch.
 * @throws ObjectsNotDeleted at the end; AppError STORAGE_UNAVAILABLE where the store does not answer
 */
export async function deleteObjects(
  parts: RequestParts,
  policy: AttemptPolicy,
  keys: readonly ObjectKey[],
): Promise<void> {
  const undeleted: Undeleted[] = [];
  for (let start = 0; start < keys.length; start += BATCH_MAX) {
    undeleted.push(...(await undeletedOf(parts, policy, keys.slice(start, start + BATCH_MAX))));
  }
  if (undeleted.length === 0) return;
  throw new ObjectsNotDeleted(
    undeleted.map(({ key }) => key),
    undeleted[0]?.refusal,
  );
}

async function undeletedOf(
  parts: RequestParts,
  policy: AttemptPolicy,
  keys: readonly ObjectKey[],
): Promise<readonly Undeleted[]> {
  let left: readonly Undeleted[] | null = null;
  let asked = keys;
  try {
    await withAttempts(policy, async (signal) => {
      left = null;
      left = await deleteBatch(parts, asked, signal);
      asked = left.map(({ key }) => key);
      const mayPass = left.find(({ refusal }) => classify(refusal) === 'passing');
      if (mayPass) throw mayPass.refusal;
    });
  } catch (error) {
    // the last attempt had an answer: it is these objects, and not the store
    if (left === null) throw error;
  }
  return left ?? [];
}
