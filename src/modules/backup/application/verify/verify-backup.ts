import { inLanes } from '../../../../kernel/in-lanes';
import type { Log } from '../../../../kernel/log';
import type { BackedObject } from '../../domain/backed-object';
import { BackupDamaged, VerificationFailed } from '../../domain/backup-faults';
import type { BackupRun, OnProgress } from '../../domain/create-ports';
import { type BackupId, blobKey, fileOf, VERIFIED } from '../../domain/layout';
import type { TargetStore } from '../../domain/target-store';
import { type OpenBackup, type OpenDeps, openBackup } from '../read/open-backup';
import { BlobFinder } from '../target/blob-finder';
import { bytesOf, type PutDeps, putBytes } from '../target/put-bytes';

export interface VerifyDeps extends OpenDeps, PutDeps {
  readonly target: TargetStore;
  readonly log: Log;
  readonly lanes: number;
}

export interface VerifyRequest {
  readonly id: BackupId;
  /** Of how many objects the bytes are read: 1 for all. That each is there is always looked at. */
  readonly share: number;
  /** Deletes damaged objects from the target, so that the next backup sends them again. */
  readonly dropDamaged?: boolean;
  readonly onProgress?: OnProgress;
}

/**
 * Reads a backup as a restore would: every row of every table, the list of objects, that each object is there, and the bytes of all or
 * of a share. A whole one is marked, so that prune knows the newest of them.
 * @throws VerificationFailed, NoSuchBackup, WrongBackupKey
 */
export const verifyBackup =
  (deps: VerifyDeps) =>
  async (run: BackupRun, request: VerifyRequest): Promise<void> => {
    const backup = await openBackup(deps)(request.id);
    const problems = new Problems(deps.log, run);
    for (const { name, lines } of backup.manifest.tables) {
      run.signal.throwIfAborted();
      if (await problems.foundBy(() => drained(backup.rows(name), run.signal))) continue;
      run.count('tables');
      run.count('rows', lines);
    }
    await problems.foundBy(() => verifyObjects(deps, run, backup, request, problems));
    if (problems.count > 0) throw new VerificationFailed(request.id, problems.count);
    await mark(deps, request);
  };

class Problems {
  count = 0;

  constructor(
    private readonly log: Log,
    private readonly run: BackupRun,
  ) {}

  add(what: string, why: string): void {
    this.count += 1;
    this.run.count('problems');
    this.log.error({ what }, `a problem of the backup: ${why}`);
  }

  /** @returns whether the work found damage */
  async foundBy(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return false;
    } catch (error) {
      if (!(error instanceof BackupDamaged)) throw error;
      this.add(error.what, error.message);
      return true;
    }
  }
}

async function verifyObjects(
  deps: VerifyDeps,
  run: BackupRun,
  backup: OpenBackup,
  request: VerifyRequest,
  problems: Problems,
): Promise<void> {
  const absent = new Set<string>();
  for await (const { key } of backup.absent()) absent.add(key);
  const finder = new BlobFinder(deps.target);
  const { lines } = backup.manifest.objects.list;
  const toRead = async function* (): AsyncGenerator<BackedObject> {
    let last = '';
    let done = 0;
    for await (const object of backup.objects()) {
      run.signal.throwIfAborted();
      done += 1;
      if (done % 100 === 0) request.onProgress?.(done, lines, 'objects');
      run.count('objects');
      if (absent.has(object.key) || object.name === last) continue;
      last = object.name;
      const isThere = (await finder.find(object.name)) !== null;
      if (!isThere) problems.add(object.key, 'the object is missing');
      else if (request.share >= 1 || Math.random() < request.share) yield object;
    }
  };
  try {
    await inLanes(toRead(), deps.lanes, async (object) => {
      const isDamaged = await problems.foundBy(async () => drained(await backup.open(object), run.signal));
      run.count('objects_read');
      if (isDamaged && request.dropDamaged) {
        await deps.target.deleteMany([blobKey(object.name)]);
        run.count('objects_dropped');
      }
    });
  } finally {
    await finder.close();
  }
}

async function drained(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const _chunk of bytes) signal.throwIfAborted();
}

async function mark(deps: VerifyDeps, { id, share }: VerifyRequest): Promise<void> {
  const at = new Date().toISOString();
  const text = `${JSON.stringify({ at, share })}\n`;
  await putBytes(deps, fileOf(id, `${VERIFIED}${at.replaceAll(':', '')}`), bytesOf(text));
}
