import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';
import type { ListedObject, ObjectHead } from '../../domain/object-store';
import { ObjectMissing } from '../../domain/store-errors';
import { percentEncodePath } from '../percent-encode';
import type { S3StoreConfig } from './s3-config';
import { isKeyRefusal, S3Refusal, statusOf } from './s3-faults';

/** S3's own limit for one DeleteObjects, and for one page of ListObjectsV2. */
export const BATCH_MAX = 1000;

/** What each request needs; one attempt each, `withAttempts` is around them. */
export interface RequestParts {
  readonly client: S3Client;
  readonly config: S3StoreConfig;
}

export async function headOnce(
  { client, config }: RequestParts,
  key: ObjectKey,
  abortSignal: AbortSignal,
): Promise<ObjectHead | null> {
  try {
    const input = { Bucket: config.bucket, Key: objectKey(key), ChecksumMode: 'ENABLED' as const };
    return headOf(key, await client.send(new HeadObjectCommand(input), { abortSignal }));
  } catch (error) {
    if (statusOf(error) === 404 || isKeyRefusal(error, key)) return null;
    throw error;
  }
}

function headOf(key: ObjectKey, output: HeadObjectCommandOutput): ObjectHead {
  return {
    key,
    sizeBytes: output.ContentLength ?? 0,
    sha256: digestOf(output.ChecksumSHA256),
    contentType: output.ContentType ?? null,
    lastModified: output.LastModified ?? new Date(0),
  };
}

/** A multipart object's checksum is of its parts (`…-3`) and says nothing of the whole. */
function digestOf(base64: string | undefined): Sha256 | null {
  const bytes = Buffer.from(base64 ?? '', 'base64');
  return base64 && !base64.includes('-') && bytes.length === 32 ? sha256FromHex(bytes.toString('hex')) : null;
}

export async function listPage(
  { client, config }: RequestParts,
  prefix: KeyPrefix,
  after: ObjectKey | undefined,
  abortSignal: AbortSignal,
): Promise<{ objects: ListedObject[]; isLast: boolean }> {
  const from = after === undefined ? {} : { StartAfter: after };
  const input = { Bucket: config.bucket, Prefix: prefix, MaxKeys: BATCH_MAX, ...from };
  const output = await client.send(new ListObjectsV2Command(input), { abortSignal });
  const objects = (output.Contents ?? []).map((entry) => ({
    key: (entry.Key ?? '') as ObjectKey,
    sizeBytes: entry.Size ?? 0,
    lastModified: entry.LastModified ?? new Date(0),
  }));
  return { objects, isLast: !output.IsTruncated || objects.length === 0 };
}

/** The store computes the copy's sha-256 anew from the bytes it copies. */
export async function copyOnce(
  { client, config }: RequestParts,
  from: ObjectKey,
  to: ObjectKey,
  abortSignal: AbortSignal,
): Promise<void> {
  const source = percentEncodePath(`${config.bucket}/${objectKey(from)}`);
  const encryption = {
    ...(config.sse ? { ServerSideEncryption: config.sse } : {}),
    ...(config.kmsKeyId ? { SSEKMSKeyId: config.kmsKeyId } : {}),
  };
  const input = {
    Bucket: config.bucket,
    Key: to,
    CopySource: source,
    ChecksumAlgorithm: 'SHA256' as const,
    ...encryption,
  };
  try {
    await client.send(new CopyObjectCommand(input), { abortSignal });
  } catch (error) {
    if (statusOf(error) === 404) throw new ObjectMissing(from);
    throw error;
  }
}

/** At most BATCH_MAX keys. One that could not be deleted fails the whole: deleting again is safe. */
export async function deleteBatch(
  { client, config }: RequestParts,
  keys: readonly ObjectKey[],
  abortSignal: AbortSignal,
): Promise<void> {
  const input = {
    Bucket: config.bucket,
    Delete: { Objects: keys.map((key) => ({ Key: objectKey(key) })), Quiet: true },
  };
  const output = await client.send(new DeleteObjectsCommand(input), { abortSignal });
  const failed = (output.Errors ?? []).find(({ Code }) => Code !== 'NoSuchKey');
  if (failed) throw new S3Refusal(failed.Code === 'AccessDenied' ? 403 : 500, failed.Code ?? '');
}
