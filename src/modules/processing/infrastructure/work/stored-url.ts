import type { ObjectKey } from '../../../../kernel/object-key';

/** How rows name objects: `s3://bucket/key`. @throws AppError INTERNAL for a row that names a bucket which is not known */
export interface StoredUrls {
  keyOf(url: string): ObjectKey;
  urlOf(key: ObjectKey): string;
}
