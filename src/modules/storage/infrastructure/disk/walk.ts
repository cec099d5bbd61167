import { stat } from 'node:fs/promises';
import { compareKeys } from '../../../../kernel/key-order';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { ListedObject } from '../../domain/object-store';
import type { BucketFolder } from './bucket-folder';
import { nullIf } from './errno';
import { sortedEntries } from './sorted-entries';

/** Keys wanted: all that begin with `prefix` and come behind `after`. */
interface Wanted {
  readonly prefix: string;
  readonly after: string;
}

/**
 * Walks the folder in the order of keys' bytes. Of each folder on the way some names are in memory at a time.
 * A directory stands where its name with `/` stands (`a-b` comes before `a/b`, because `-` is less than `/`).
 */
export async function* walkKeys(
  folder: BucketFolder,
  prefix: KeyPrefix,
  after?: ObjectKey,
): AsyncGenerator<ListedObject> {
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  // refuses `..` in a prefix as in a key
  if (start !== '') objectKey(start.slice(0, -1));
  yield* walkFolder(folder.root, start, { prefix, after: after ?? '' });
}

async function* walkFolder(root: string, below: string, wanted: Wanted): AsyncGenerator<ListedObject> {
  for await (const name of sortedEntries(`${root}/${below}`, (entry) => isWanted(below + entry, wanted))) {
    const key = below + name;
    if (name.endsWith('/')) {
      yield* walkFolder(root, key, wanted);
      continue;
    }
    const found = await statObject(root, key as ObjectKey);
    if (found) yield found;
  }
}

function isWanted(key: string, { prefix, after }: Wanted): boolean {
  if (!key.startsWith(prefix)) return false;
  return key.endsWith('/') ? mayHoldKeysAfter(key, after) : compareKeys(key, after) > 0;
}

function mayHoldKeysAfter(folderKey: string, after: string): boolean {
  return after.startsWith(folderKey) || compareKeys(folderKey, after) > 0;
}

async function statObject(root: string, key: ObjectKey): Promise<ListedObject | null> {
  const stats = await nullIf(['ENOENT', 'ENOTDIR'], stat(`${root}/${key}`));
  return stats && { key, sizeBytes: stats.size, lastModified: stats.ctime };
}
