import { resolve } from 'node:path';
import { version } from '../../package.json';
import { backupTargetOf } from '../config/derive';
import { BackupNotConfigured, backupParts, backupReading, codecOf } from '../modules/backup';
import type { maintenanceModule } from '../modules/maintenance';
import type { StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import type { StagingArea } from '../platform/staging/staging-area';
import type { Ground } from './ground';

/** A bucket of the disk store is a directory: `{BACKUP_DIR}/objects/intellipost-backups/…`. */
const FOLDER_BUCKET = 'intellipost-backups';
const SEGMENT_BYTES = 64 * 1024 * 1024;

interface BackupGround extends Ground {
  readonly database: Database;
  readonly staging: StagingArea;
  readonly storage: StorageModule;
  readonly maintenance: Pick<ReturnType<typeof maintenanceModule>, 'runTask' | 'runs'>;
}

/** Backups, on whatever target the settings name. The target is not touched before something is asked of it. */
export function buildBackup({ settings, log, database, staging, storage, maintenance }: BackupGround) {
  const where = backupTargetOf(settings);
  return {
    isConfigured: where !== null,

    /** The reading side alone. @throws BackupNotConfigured */
    async reading() {
      const { target, codec } = await open();
      return { target, codec, ...backupReading(target, codec) };
    },

    /** Creates, verifies, lists and prunes. @throws BackupNotConfigured */
    async parts() {
      return backupParts({
        database,
        log,
        staging,
        source: storage.store,
        pins: storage.pins,
        ...(await open()),
        runTask: maintenance.runTask,
        lastPrunedAt: async () => {
          const ended = await maintenance.runs.lastEnded();
          return ended.find(({ task, outcome }) => task === 'backup_prune' && outcome === 'ok')?.startedAt ?? null;
        },
        version,
        config: {
          leaseSeconds: settings.BACKUP_LEASE_SECONDS,
          lanes: settings.BACKUP_CONCURRENCY,
          policy: {
            daily: settings.BACKUP_KEEP_DAILY,
            weekly: settings.BACKUP_KEEP_WEEKLY,
            monthly: settings.BACKUP_KEEP_MONTHLY,
          },
          maxShare: settings.BACKUP_PRUNE_MAX_SHARE,
          maxDays: settings.BACKUP_PRUNE_MAX_DAYS,
          segmentBytes: SEGMENT_BYTES,
        },
      });
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
