import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fsyncPath } from '../../fsync';
import { makeDurableFolder } from '../../make-durable-folder';
import { readIfThere } from '../../read-if-there';

export const SHARED_HOME = '/var/lib/intellipost';

/** Written last when a cluster has been made. */
export const MARKER = 'initialised';
/** In the data directory, where its cluster is not. */
const ELSEWHERE = 'elsewhere';

/**
 * Where the cluster of a data directory lies: in it, or under /var/lib/intellipost, in a folder that the data directory's path names, where
 * PostgreSQL refuses to run as root and its own user can't enter, say, /root. Decided once: whoever changes the mode of a folder
 * later must not find an empty database, to which all photos are orphans.
 * @throws Error where the cluster lies in the data directory and can't be entered any more, or by another path of it under /var/lib
 */
export async function clusterFolder(dataDir: string, isRoot = process.getuid?.() === 0): Promise<string> {
  const own = resolve(dataDir, 'postgres');
  if (!isRoot) return own;
  const shared = join(SHARED_HOME, createHash('sha256').update(own).digest('hex').slice(0, 12));
  const elsewhere = (await readIfThere(join(own, ELSEWHERE)))?.trim();
  if (elsewhere === shared) return shared;
  if (elsewhere !== undefined) throw new Error(wasMoved(own, elsewhere, shared));
  if (await othersCanEnter(dirname(own))) return own;
  if ((await readIfThere(join(own, MARKER))) !== null) throw new Error(cannotEnter(own));
  await makeDurableFolder(own);
  await Bun.write(join(own, ELSEWHERE), `${shared}\n`);
  for (const path of [join(own, ELSEWHERE), own]) await fsyncPath(path);
  return shared;
}

function wasMoved(own: string, from: string, to: string): string {
  return `the database of ${dirname(own)} lies in ${from}, by the path that it had before: mv ${from} ${to} and delete ${join(own, ELSEWHERE)}`;
}

function cannotEnter(own: string): string {
  return `the database lies in ${own}, and the user that PostgreSQL runs as can't enter it any more: chmod o+x ${dirname(own)} and the folders above it`;
}

export async function othersCanEnter(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const mode = await stat(at).then(
      (info) => info.mode,
      () => 0o001, // not made yet: it will be made enterable
    );
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
