import { lstat } from 'node:fs/promises';
import { nullIf } from './errno';

/** A file by its name, a directory by its name and `/`. */
export type EntryName = string;

/** @see Linux, readdir(3), d_type */
const [UNKNOWN, DIRECTORY, FILE] = [0, 4, 8];
/** Of struct linux_dirent64: inode and offset of 8 bytes each, then these. */
const [LENGTH_AT, TYPE_AT, NAME_AT] = [16, 18, 19];

/**
 * The files and directories in what one call of getdents64 gave, in its order; links and the like are left out.
 * @param path of the folder that was read
 * @see Linux, getdents64(2), struct linux_dirent64
 */
export async function namesInBatch(path: string, batch: Buffer): Promise<EntryName[]> {
  const names: EntryName[] = [];
  for (let at = 0; at < batch.length; at += batch.readUInt16LE(at + LENGTH_AT)) {
    const name = batch.toString('utf8', at + NAME_AT, batch.indexOf(0, at + NAME_AT));
    if (name === '.' || name === '..') continue;
    const type = batch[at + TYPE_AT];
    const known = type === UNKNOWN ? await typeOf(`${path}/${name}`) : type;
    if (known === DIRECTORY) names.push(`${name}/`);
    else if (known === FILE) names.push(name);
  }
  return names;
}

/** Some file systems do not say it in the directory. */
async function typeOf(path: string): Promise<number | null> {
  const stats = await nullIf(['ENOENT'], lstat(path)); // gone meanwhile
  if (stats?.isDirectory()) return DIRECTORY;
  return stats?.isFile() ? FILE : null;
}
