import { resolve } from 'node:path';
import { backupTargetOf } from '../config/derive';
import { BackupNotConfigured, backupReading, codecOf } from '../modules/backup';
import type { StorageModule } from '../modules/storage';
import type { Ground } from './ground';

/** A bucket of the disk store is a directory: `{BACKUP_DIR}/objects/intellipost-backups/…`. */
const FOLDER_BUCKET = 'intellipost-backups';

/** Backups, on whatever target the settings name. */
export function buildBackup({ settings }: Ground, storage: StorageModule) {
  const where = backupTargetOf(settings);
  return {
    isConfigured: where !== null,
    /** Reads and prepares the target. @throws BackupNotConfigured */
    async reading() {
      const { target, codec } = await open();
      return { target, codec, ...backupReading(target, codec) };
    },
  };

  async function open() {
    if (where === null) throw new BackupNotConfigured();
    const target = storage.openOther(
      where.s3 ? { s3: where.s3 } : { folder: resolve(where.folder), bucket: FOLDER_BUCKET },
    );
    await target.prepare();
    const { BACKUP_ENCRYPTION_IDENTITY: identity, BACKUP_ENCRYPTION_FORMER_IDENTITIES: former } = settings;
    return { target, codec: await codecOf(identity === undefined ? null : { identity, former }) };
  }
}
