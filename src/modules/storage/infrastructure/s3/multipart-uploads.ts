import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
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
 * listing of objects shows them.
 * @returns how many were aborted; 0 where the store knows no such uploads (501)
 */
export async function abortMultipartUploads(parts: RequestParts, policy: AttemptPolicy, before: Date): Promise<number> {
  let aborted = 0;
  for (let from: Position | null = {}; from; ) {
    const page: ListMultipartUploadsCommandOutput | null = await pageOf(parts, policy, from);
    if (!page) return 0;
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key || !UploadId || !Initiated || Initiated >= before || !OURS.test(Key)) continue;
      await abort(parts, policy, { Key, UploadId });
      aborted += 1;
    }
    from = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : null;
  }
  return aborted;
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

/** One that has been completed or aborted meanwhile is none any more. */
async function abort(
  { client, config }: RequestParts,
  policy: AttemptPolicy,
  upload: { Key: string; UploadId: string },
): Promise<void> {
  await withAttempts(policy, async (abortSignal) => {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: config.bucket, ...upload }), { abortSignal });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  });
}
