import { join } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import { backupParts, backupReading, codecOf } from '../../src/modules/backup';
import type { BackupPartsDeps } from '../../src/modules/backup/module';
import type { BackupEncryption } from '../../src/modules/backup/reading-parts';
import { maintenanceModule, type TaskReport } from '../../src/modules/maintenance';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import type { S3StoreConfig } from '../../src/modules/storage/infrastructure/s3/s3-config';
import { silentLog } from './log';
import { revocationKit } from './revocation-kit';
import type { UploadKitOptions } from './upload-kit';

export type BackupKit = Awaited<ReturnType<typeof backupKit>>;

export interface BackupKitOptions extends UploadKitOptions {
  /** By default a folder. */
  targetS3?: S3StoreConfig;
  encryption?: BackupEncryption | null;
}

type Change = Partial<Omit<BackupPartsDeps<TaskReport>, 'config'>> & {
  config?: Partial<BackupPartsDeps<TaskReport>['config']>;
};

const CONFIG = {
  leaseSeconds: 60,
  lanes: 4,
  policy: { daily: 7, weekly: 4, monthly: 12 },
  maxShare: 0.5,
  maxDays: 5,
  segmentBytes: 64 * 1024,
};

/** Backups on a real database, store and target, with products that were really uploaded and each part open to be replaced. */
export async function backupKit({ targetS3, encryption = null, ...options }: BackupKitOptions = {}) {
  const kit = await revocationKit(options);
  const { db, storage, staging, dataDir } = kit;
  const target = storage.openOther(
    targetS3 ? { s3: targetS3 } : { folder: join(dataDir, 'backups'), bucket: 'intellipost-backups' },
  );
  await target.prepare();
  const codec = await codecOf(encryption);
  const { runTask } = maintenanceModule({
    database: db.database,
    log: silentLog,
    metrics: { sampled: () => undefined },
    staging,
    store: storage.store,
    keyOf: storedUrls(storage.store.bucket, []).keyOf,
    sweepSteps: [],
    retentionSteps: [],
    ages: { failedProducts: 0, history: 0, events: 0, runs: 30, operatorAudit: 365 },
  });

  /** As many as a test wants: each is another process as far as database and target can tell. */
  const parts = ({ config, ...change }: Change = {}) =>
    backupParts<TaskReport>({
      database: db.database,
      log: silentLog,
      staging,
      source: storage.store,
      pins: storage.pins,
      target,
      codec,
      runTask,
      lastPrunedAt: async () => null,
      version: 'test',
      ...change,
      config: { ...CONFIG, ...config },
    });

  return {
    ...kit,
    target,
    codec,
    runTask,
    parts,
    reading: backupReading(target, codec),

    /** Makes one. @returns its manifest */
    async backup(change: Change = {}) {
      const { manifest } = await parts(change).create();
      if (!manifest) throw new Error('there is no manifest');
      return manifest;
    },

    async targetKeys(prefix = ''): Promise<ObjectKey[]> {
      const keys: ObjectKey[] = [];
      for await (const { key } of target.list(prefix as never)) keys.push(key);
      return keys;
    },

    /** Other bytes under a key of the target, by a failing disk. */
    async overwrite(key: ObjectKey, bytes: Uint8Array): Promise<void> {
      await target.deleteMany([key]);
      const folder = await staging.open();
      const chunks = async function* () {
        yield bytes;
      };
      await target.put(key, await folder.stage(chunks()), 'application/octet-stream');
      await folder.remove();
    },

    /** Of the application's own store. */
    read: async (key: ObjectKey) => Buffer.from(await new Response(await storage.store.get(key)).arrayBuffer()),

    stored: async (key: ObjectKey) => Buffer.from(await new Response(await target.get(key)).arrayBuffer()),
  };
}

/** The same parts with single functions replaced; methods keep their object. */
export function instead<Part extends object>(part: Part, change: Partial<Part>): Part {
  return new Proxy(part, {
    get: (whole, name) => {
      const found: unknown = Reflect.get(name in change ? change : whole, name);
      return typeof found === 'function' ? found.bind(name in change ? change : whole) : found;
    },
  });
}
