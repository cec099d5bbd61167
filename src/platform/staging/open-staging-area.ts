import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { newId } from '../../kernel/ids';
import type { Log } from '../../kernel/log';
import { lockFolder, removeDeadStagingFolders, removeFolder, stagingFolder, withParentLocked } from './dead-folders';
import type { Release } from './flock';
import type { StagingArea } from './staging-area';
import { makeStagingFolder } from './staging-folder';
import { UnnamedFiles } from './unnamed-files';

/**
 * Makes a staging folder for this process under `parentDir`, made if it is missing, and removes those of dead processes.
 * @throws Error when the folder cannot be locked: the file system has no flock
 */
export async function openStagingArea(parentDir: string, log: Log): Promise<StagingArea> {
  const parent = resolve(parentDir);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const removed = await removeDeadStagingFolders(parent);
  if (removed > 0) log.info({ removed }, 'staging folders of dead processes removed');
  const folder = stagingFolder(parent, newId());
  const release = await withParentLocked(parent, () => makeLocked(folder));
  let requests = 0;
  const open = () => makeStagingFolder(join(folder, String(requests++)));
  const unnamed = existsSync('/proc/self/fd') ? new UnnamedFiles(folder) : null;
  return {
    folder,
    open,
    openUnnamed: async () => unnamed?.openFolder() ?? (await open()),
    async close() {
      await unnamed?.close();
      await removeFolder(folder);
      release();
    },
  };
}

async function makeLocked(folder: string): Promise<Release> {
  const release = await lockFolder(folder);
  if (release === null) throw new Error(`${folder} cannot be locked: does its file system support flock?`);
  await mkdir(folder, { mode: 0o700 });
  return release;
}
