import { rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectKey } from '../../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../../kernel/objects-not-deleted';
import { KeyNotUsable } from '../../domain/store-errors';
import { type BucketFolder, pathOfKey } from './bucket-folder';
import { fsyncIfThere } from './durability';
import { failedWith, isSystemError } from './errno';

/**
 * Removes the objects, then the folders that they leave empty, and makes both durable: a drained intent must not come back.
 * @throws ObjectsNotDeleted at the end, of those that the file system keeps
 */
export async function removeObjects(folder: BucketFolder, keys: readonly ObjectKey[]): Promise<void> {
  const emptied = new Set<string>();
  const refused = new Map<ObjectKey, unknown>();
  for (const key of keys) {
    const path = usablePath(folder, key);
    try {
      if (path && (await unlinkIfThere(path))) emptied.add(dirname(path));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      refused.set(key, error);
    }
  }
  const changed = new Set<string>();
  for (const parent of emptied) changed.add(await removeEmptyFolders(folder.root, parent));
  await Promise.all([...changed].map(fsyncIfThere));
  if (refused.size > 0) throw new ObjectsNotDeleted(refused.keys(), refused.values().next().value);
}

/** A key that can't be stored is not there. */
function usablePath(folder: BucketFolder, key: ObjectKey): string | null {
  try {
    return pathOfKey(folder, key);
  } catch (error) {
    if (error instanceof KeyNotUsable) return null;
    throw error;
  }
}

/** @returns true also when it was gone already: whoever removed it may not have come to its folders and fsync */
async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return true;
    if (failedWith(error, 'ENOTDIR', 'EISDIR', 'EPERM')) return false;
    throw error;
  }
}

/**
 * Climbs from a folder towards the root as long as folders are empty; the root stays. rmdir() refuses a folder in which a put has
 * just linked; a put whose folder goes just before its link makes it again.
 * @returns the first folder that stays
 */
async function removeEmptyFolders(root: string, start: string): Promise<string> {
  let folder = start;
  for (; folder.length > root.length; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (error) {
      // one that must not be removed is empty as well, and names nothing
      if (failedWith(error, 'ENOTEMPTY', 'EEXIST', 'EACCES', 'EPERM')) break;
      if (!failedWith(error, 'ENOENT')) throw error;
    }
  }
  return folder;
}
