import { AppError } from '../../../kernel/app-error';
import { type ObjectKey, objectKey } from '../../../kernel/object-key';

/** How rows name objects: `s3://bucket/key`, for the disk store too. */
export interface StoredUrls {
  /** @throws AppError INTERNAL for a row that names a bucket which is neither configured nor a former name of it */
  keyOf(url: string): ObjectKey;
  urlOf(key: ObjectKey): string;
}

/** @param formerBuckets names that the bucket had before and that old rows may still carry (S3_FORMER_BUCKET_NAMES) */
export function storedUrls(bucket: string, formerBuckets: readonly string[]): StoredUrls {
  const known = new Set([bucket, ...formerBuckets]);
  return {
    keyOf(url) {
      const [, named = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
      if (!known.has(named)) {
        // A key of another bucket would be signed for ours: a stranger's bytes, or none. The cause is for the log alone.
        throw new AppError('INTERNAL', undefined, {
          cause: new Error(`a row names the bucket "${named}", which is neither S3_BUCKET_NAME nor a former name`),
        });
      }
      return objectKey(key);
    },
    urlOf: (key) => `s3://${bucket}/${key}`,
  };
}
