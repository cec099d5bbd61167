import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { compareKeys } from '../../../../kernel/key-order';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { ListedObject } from '../../domain/object-store';
import type { BucketFolder } from './bucket-folder';
import { failedWith } from './errno';

/** Keys wanted: all that begin with `prefix` and come behind `after`. */
interface Wanted {
  readonly prefix: string;
  readonly after: string;
}

/**
 * Walks the folder in the order of keys' bytes. One directory's names are in memory at a time, and its parents'.
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
  for (const name of await sortedNames(`${root}/${below}`)) {
    const key = below + name;
    if (!key.startsWith(wanted.prefix)) continue;
    if (name.endsWith('/')) {
      if (mayHoldKeysAfter(key, wanted.after)) yield* walkFolder(root, key, wanted);
    } else if (compareKeys(key, wanted.after) > 0) {
      const found = await statObject(root, key as ObjectKey);
      if (found) yield found;
    }
  }
}

function mayHoldKeysAfter(folderKey: string, after: string): boolean {
  return after.startsWith(folderKey) || compareKeys(folderKey, after) > 0;
}

/** Files by name, directories by name and `/`. */
async function sortedNames(path: string): Promise<string[]> {
  const entries = await readFolder(path);
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) names.push(`${entry.name}/`);
    else if (entry.isFile()) names.push(entry.name);
  }
  return names.sort(compareKeys);
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function statObject(root: string, key: ObjectKey): Promise<ListedObject | null> {
  try {
    const stats = await stat(`${root}/${key}`);
    return { key, sizeBytes: stats.size, lastModified: stats.ctime };
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
