import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import type { StagingArea } from '../../platform/staging/staging-area';
import { createBackup } from './application/create/create-backup';
import { pruneBackups } from './application/prune/prune-backups';
import type { BackupFolder } from './application/read/list-backups';
import { type VerifyRequest, verifyBackup } from './application/verify/verify-backup';
import { BackupUnreadable, NoSuchBackup } from './domain/backup-faults';
import type { Codec } from './domain/codec';
import type { BackupPins, BackupRun, OnProgress, SourceStore } from './domain/create-ports';
import type { BackupId } from './domain/layout';
import type { Manifest } from './domain/manifest';
import type { RetentionPolicy } from './domain/retention';
import type { TargetStore } from './domain/target-store';
import { manifestFile } from './infrastructure/manifest-file';
import { postgresSnapshots } from './infrastructure/postgres-snapshot';
import { backupReading } from './reading-parts';

/** The maintenance module's: one at a time over all instances, written down, and to be seen in /metrics. */
export type RunBackupTask<Report> = (
  task: 'backup' | 'backup_verify' | 'backup_prune',
  options: { readonly dryRun: boolean; readonly signal?: AbortSignal },
  work: (run: BackupRun) => Promise<void>,
) => Promise<Report>;

export interface BackupPartsDeps<Report> {
  readonly database: Pick<Database, 'unhurried' | 'query'>;
  readonly log: Log;
  readonly staging: Pick<StagingArea, 'open'>;
  readonly source: SourceStore;
  readonly pins: BackupPins;
  readonly target: TargetStore;
  readonly codec: Codec;
  readonly runTask: RunBackupTask<Report>;
  /** When the last prune began that ended well, as far as that is written down. */
  readonly lastPrunedAt: () => Promise<Date | null>;
  /** Of this software. */
  readonly version: string;
  readonly config: {
    readonly leaseSeconds: number;
    readonly lanes: number;
    readonly policy: RetentionPolicy;
    readonly maxShare: number;
    readonly maxDays: number;
    /** Of the plain bytes of a file in the target. */
    readonly segmentBytes: number;
  };
}

interface TaskOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What a backup is in a list; without a manifest where that can't be read. */
export type ListedBackup = Pick<BackupFolder, 'id' | 'verifiedAt' | 'fullyVerifiedAt'> &
  (
    | { readonly manifest: Manifest; readonly unreadable: null }
    | { readonly manifest: null; readonly unreadable: string }
  );

/** Backups of one database and its store on one target. */
export function backupParts<Report>(deps: BackupPartsDeps<Report>) {
  const { target, codec, runTask, config } = deps;
  const parts = { ...deps, ...config, manifests: manifestFile, snapshots: postgresSnapshots(deps.database) };
  const reading = backupReading(target, codec);
  const quiet: OnProgress = () => undefined;
  const options = (dryRun: boolean, { signal }: TaskOptions) => ({ dryRun, ...(signal ? { signal } : {}) });
  const newest = async (): Promise<BackupId> => {
    const id = (await reading.list()).findLast(({ isWhole }) => isWhole)?.id;
    if (!id) throw new NoSuchBackup(null);
    return id;
  };
  return {
    ...reading,
    newest,

    async create(asked: TaskOptions = {}): Promise<{ report: Report; manifest: Manifest | null }> {
      let manifest: Manifest | null = null;
      const report = await runTask('backup', options(false, asked), async (run) => {
        manifest = await createBackup(parts)(run, asked.onProgress ?? quiet);
      });
      return { report, manifest };
    },

    /** @param request by default of the newest */
    verify: (request: Omit<VerifyRequest, 'id'> & { readonly id?: BackupId } & TaskOptions): Promise<Report> =>
      runTask('backup_verify', options(false, request), async (run) =>
        verifyBackup(parts)(run, { ...request, id: request.id ?? (await newest()) }),
      ),

    prune: (dryRun: boolean, asked: TaskOptions = {}): Promise<Report> =>
      runTask('backup_prune', options(dryRun, asked), (run) =>
        pruneBackups(parts)(run, { dryRun, onProgress: asked.onProgress ?? quiet }),
      ),

    /** Whole ones, oldest first, each read; one that can't be is no reason to be silent about the others. */
    async listed(): Promise<ListedBackup[]> {
      const whole = (await reading.list()).filter(({ isWhole }) => isWhole);
      const listed: ListedBackup[] = [];
      for (const { id, verifiedAt, fullyVerifiedAt } of whole) {
        const known = { id, verifiedAt, fullyVerifiedAt };
        try {
          listed.push({ ...known, manifest: (await reading.open(id)).manifest, unreadable: null });
        } catch (error) {
          if (!(error instanceof BackupUnreadable)) throw error;
          listed.push({ ...known, manifest: null, unreadable: error.cause.message });
        }
      }
      return listed;
    },
  };
}
