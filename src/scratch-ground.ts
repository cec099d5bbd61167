import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from './config/load';
import type { Container } from './container';
import { RestoreRefused } from './modules/backup';
import { isSameDatabase } from './platform/database/same-database';
import { createScratchDatabase, type ScratchDatabase } from './platform/database/scratch-database';

const PURPOSE = 'drill';
const BEGINNING = `${PURPOSE}-`;

export interface ScratchGround {
  readonly database: ScratchDatabase;
  readonly folder: string;
  /** Both go; each is tried, whatever becomes of the other. */
  remove(): Promise<void>;
}

/**
 * Database and folder of one drill. What an earlier drill of this data folder left by dying goes first; drills run one at a time.
 * @throws RestoreRefused, MayNotCreate
 */
export async function openScratchGround(running: Container, settings: Settings): Promise<ScratchGround> {
  const dataDir = resolve(settings.DATA_DIR);
  await removeLeft(dataDir);
  refuseClearText(settings);
  const folder = join(dataDir, BEGINNING + randomBytes(4).toString('hex'));
  await mkdir(folder, { mode: 0o700 });
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const database = await scratchDatabase(running, settings);
    return {
      database,
      folder,
      async remove() {
        try {
          await database.drop();
        } finally {
          await removeFolder();
        }
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** In production photos lie on no disk of ours in clear, not for the hour of a drill either. */
function refuseClearText({ NODE_ENV, BACKUP_DRILL_BUCKET_NAME, DISK_ENCRYPTED_AT_REST }: Settings): void {
  if (NODE_ENV === 'production' && BACKUP_DRILL_BUCKET_NAME === undefined && !DISK_ENCRYPTED_AT_REST)
    throw new RestoreRefused(
      'in production a drill restores into a bucket: set BACKUP_DRILL_BUCKET_NAME (or DISK_ENCRYPTED_AT_REST=true, if the volume of DATA_DIR is encrypted)',
    );
}

async function removeLeft(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(BEGINNING)) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

/** One that is named is for drills alone. A name says little of which database it is: an alias or a pooler leads to the same one. */
async function scratchDatabase({ urls }: Container, settings: Settings): Promise<ScratchDatabase> {
  const named = settings.BACKUP_DRILL_DATABASE_URL;
  if (named === undefined) return await createScratchDatabase(urls, PURPOSE);
  if (await isSameDatabase(named, urls.ownerUrl))
    throw new RestoreRefused('BACKUP_DRILL_DATABASE_URL leads to the application’s own database: name another one');
  return { url: named, ownerUrl: named, drop: () => Promise.resolve() };
}
