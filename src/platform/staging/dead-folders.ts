import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile, type Release } from './flock';

const STAGING_PREFIX = 'staging-';
/** Beside the folder, not in it, so that an empty folder means that nothing is staged. */
const LOCK_SUFFIX = '.lock';

/**
 * Removes the staging folders of processes that died: those whose lock nobody holds. A folder that is just being made is
 * safe, because its maker holds the parent's lock meanwhile.
 * @returns how many were removed
 */
export async function removeDeadStagingFolders(parentDir: string): Promise<number> {
  return await withParentLocked(parentDir, async () => {
    let removed = 0;
    for (const folder of await stagingFolders(parentDir)) if (await removeIfDead(folder)) removed++;
    return removed;
  });
}

/** Keeps makers and sweepers of staging folders apart, in every process. The kernel frees the lock of one that dies. */
export async function withParentLocked<Result>(parentDir: string, work: () => Promise<Result>): Promise<Result> {
  const release = await lockFile(join(parentDir, 'lock'), 'exclusive', { wait: true });
  try {
    return await work();
  } finally {
    release();
  }
}

export function stagingFolder(parentDir: string, id: string): string {
  return join(parentDir, STAGING_PREFIX + id);
}

/** Whoever holds this owns the folder; null where another does. */
export function lockFolder(folder: string): Promise<Release | null> {
  return lockFile(folder + LOCK_SUFFIX, 'exclusive', { wait: false });
}

/** For the holder of its lock. The lock file goes last, so that a removal cut short is taken up by the next sweep. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(folder + LOCK_SUFFIX, { force: true });
}

/** Those with a folder, a lock file or both. */
async function stagingFolders(parentDir: string): Promise<Set<string>> {
  const names = (await readdir(parentDir)).filter((name) => name.startsWith(STAGING_PREFIX));
  return new Set(
    names.map((name) => join(parentDir, name.endsWith(LOCK_SUFFIX) ? name.slice(0, -LOCK_SUFFIX.length) : name)),
  );
}

async function removeIfDead(folder: string): Promise<boolean> {
  const release = await lockFolder(folder);
  if (release === null) return false;
  try {
    await removeFolder(folder);
    return true;
  } finally {
    release();
  }
}
