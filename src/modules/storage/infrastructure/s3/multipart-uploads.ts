import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { type AppError, isAppError } from '../../../../kernel/app-error';
import { type AttemptPolicy, withAttempts } from './attempts';
import type { RequestParts } from './object-requests';
import { statusOf } from './s3-faults';

/** Where this software writes; what others keep in the bucket is theirs. */
const OURS = /^(products|quarantine|held)\//;

interface Position {
  readonly KeyMarker?: string | undefined;
  readonly UploadIdMarker?: string | undefined;
}

/**
 * This software puts each object by one request; a copy within the store, or somebody's tool, may not. Their parts cost money, and no
 * listing of objects shows them. One that the store does not abort keeps none of the others.
 * @returns how many were aborted; 0 where the store knows no such uploads (501)
 * @throws AppError STORAGE_UNAVAILABLE, at the end where the store has refused some
 */
export async function abortMultipartUploads(parts: RequestParts, policy: AttemptPolicy, before: Date): Promise<number> {
  let aborted = 0;
  let refusal: AppError | null = null;
  for (let from: Position | null = {}; from; ) {
    const page: ListMultipartUploadsCommandOutput | null = await pageOf(parts, policy, from);
    if (!page) return 0;
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key || !UploadId || !Initiated || Initiated >= before || !OURS.test(Key)) continue;
      const refused = await abort(parts, policy, { Key, UploadId });
      refusal ??= refused;
      if (!refused) aborted += 1;
    }
    from = nextOf(page);
  }
  if (refusal) throw refusal;
  return aborted;
}

/** A store that does not say where the next page begins would give the first one again, for ever. */
function nextOf({
  IsTruncated,
  NextKeyMarker,
  NextUploadIdMarker,
}: ListMultipartUploadsCommandOutput): Position | null {
  return IsTruncated && NextKeyMarker ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } : null;
}

/** Of all keys: MinIO answers a prefix only where it is a whole key. */
async function pageOf(
  { client, config }: RequestParts,
  policy: AttemptPolicy,
  from: Position,
): Promise<ListMultipartUploadsCommandOutput | null> {
  return await withAttempts(policy, async (abortSignal) => {
    try {
      return await client.send(new ListMultipartUploadsCommand({ Bucket: config.bucket, ...from }), { abortSignal });
    } catch (error) {
      if (statusOf(error) === 501) return null;
      throw error;
    }
  });
}

/**
 * One that has been completed or aborted meanwhile is none any more.
 * @returns what the store said where it keeps this one; null where it is gone
 * @throws AppError STORAGE_UNAVAILABLE where the store does not answer
 */
async function abort(
  { client, config }: RequestParts,
  policy: AttemptPolicy,
  upload: { Key: string; UploadId: string },
): Promise<AppError | null> {
  let isAnswered = false;
  try {
    await withAttempts(policy, async (abortSignal) => {
      isAnswered = false;
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: config.bucket, ...upload }), { abortSignal });
      } catch (error) {
        const status = statusOf(error);
        isAnswered = status !== undefined;
        if (status !== 404) throw error;
      }
    });
    return null;
  } catch (error) {
    if (isAnswered && isAppError(error, 'STORAGE_UNAVAILABLE')) return error;
    throw error;
  }
}
