import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fsyncPath } from './fsync';
import { makeDurableFolder } from './make-durable-folder';
import { readIfThere } from './read-if-there';

/**
 * A secret that is made once and kept in a file of mode 600: what is signed today is still valid after a restart.
 * Two processes that start at once get the same one.
 */
export async function keptSecret(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const known = await readIfThere(path);
  if (known !== null) return known.trim();
  await makeDurableFolder(folder);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(48).toString('base64url')}\n`);
    await file.sync();
    await link(draft, path); // whole or not at all, and never over another's
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    await file.close();
    await rm(draft);
  }
  await fsyncPath(folder); // its name, before anything is signed or sealed with it
  return (await readFile(path, 'utf8')).trim();
}
