import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const PARENT = resolve(import.meta.dir, '../../.cache/bench');

/**
 * A folder of this run, removed at its end. In the repository and not in the system's temporary folder, which may be in memory:
 * what is measured includes a disk.
 */
export async function inScratchFolder(work: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(PARENT, { recursive: true });
  const folder = await mkdtemp(join(PARENT, 'run-'));
  // PostgreSQL does not run as root: its own user must be able to pass
  await chmod(folder, 0o755);
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder whose files are kept for the next run. */
export async function keptFolder(name: string): Promise<string> {
  const folder = join(PARENT, name);
  await mkdir(folder, { recursive: true });
  return folder;
}
