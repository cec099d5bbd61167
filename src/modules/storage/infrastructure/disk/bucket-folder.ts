import { join } from 'node:path';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { KeyNotUsable } from '../../domain/store-errors';

/** NAME_MAX of every file system in use; longer names fail in ways that differ between them. */
const PART_MAX_BYTES = 255;

/** Where the bytes of a bucket lie: `{dataDir}/objects/{bucket}/{key}`, keys as they are. */
export interface BucketFolder {
  readonly root: string;
  /** Copies on their way in: on the bucket's file system, so that link() works, and outside every bucket's keys. */
  readonly incoming: string;
}

/** @throws TypeError for a name that could leave its folder or meet `.incoming`. @see Amazon S3, bucket naming rules */
export function bucketFolder(dataDir: string, bucket: string): BucketFolder {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw new TypeError('not a bucket name');
  const objects = join(dataDir, 'objects');
  return { root: join(objects, bucket), incoming: join(objects, '.incoming') };
}

/**
 * The key is checked again although its type promises it: this is the last line before the file system.
 * @throws TypeError, KeyNotUsable
 */
export function pathOfKey(folder: BucketFolder, key: ObjectKey): string {
  const tooLong = objectKey(key)
    .split('/')
    .some((part) => Buffer.byteLength(part) > PART_MAX_BYTES);
  if (tooLong) throw new KeyNotUsable(key, `a part is longer than ${PART_MAX_BYTES} bytes`);
  return `${folder.root}/${key}`;
}
