import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { ListedObject } from '../../domain/object-store';
import type { S3StoreConfig } from './s3-config';
import { S3Refusal } from './s3-faults';

/** S3's own limit for one DeleteObjects, and for one page of ListObjectsV2. */
export const BATCH_MAX = 1000;

/** What each request needs; one attempt each, `withAttempts` is around them. */
export interface RequestParts {
  readonly client: S3Client;
  readonly config: S3StoreConfig;
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

/** An object that stays, and what the store said of it. */
export interface Undeleted {
  readonly key: ObjectKey;
  readonly refusal: S3Refusal;
}

/** At most BATCH_MAX keys. @returns those that the store did not delete @throws S3Refusal where it does not say which these are */
export async function deleteBatch(
  { client, config }: RequestParts,
  keys: readonly ObjectKey[],
  abortSignal: AbortSignal,
): Promise<Undeleted[]> {
  const input = {
    Bucket: config.bucket,
    Delete: { Objects: keys.map((key) => ({ Key: objectKey(key) })), Quiet: true },
  };
  const output = await client.send(new DeleteObjectsCommand(input), { abortSignal });
  const undeleted = (output.Errors ?? [])
    .filter(({ Code }) => Code !== 'NoSuchKey')
    .map(({ Key = '', Code = '' }) => ({
      key: Key as ObjectKey,
      refusal: new S3Refusal(Code === 'AccessDenied' ? 403 : 500, Code),
    }));
  const nameless = undeleted.find(({ key }) => !keys.includes(key));
  if (nameless) throw nameless.refusal;
  return undeleted;
}
