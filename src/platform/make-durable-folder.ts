import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fsyncPath } from './fsync';

/**
 * As `mkdir -p`, and a loss of power takes neither the folder back nor any above it that was made with it: what is kept in a folder
 * whose own name is lost is lost, too.
 * @param mode of the folders that are made
 */
export async function makeDurableFolder(
  path: string,
  mode = 0o777,
  fsync: (path: string) => Promise<unknown> = fsyncPath,
): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await fsync(dirname(folder));
}
