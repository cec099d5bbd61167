import { inLanes } from '../../../../kernel/in-lanes';
import type { Log } from '../../../../kernel/log';
import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import type { BackedObject } from '../../domain/backed-object';
import { BackupDamaged, VerificationFailed } from '../../domain/backup-faults';
import type { Codec } from '../../domain/codec';
import type { BackupRun, OnProgress } from '../../domain/create-ports';
import { type BackupId, FULLY_VERIFIED, fileOf, VERIFIED } from '../../domain/layout';
import type { TargetStore } from '../../domain/target-store';
import { type OpenBackup, type OpenDeps, openBackup } from '../read/open-backup';
import { BlobFinder } from '../target/blob-finder';
import { hasItsSize } from '../target/has-its-size';
import { bytesOf, putBytes } from '../target/put-bytes';
import type { UnderLeaseDeps } from '../target/under-lease';
import { dropDamaged } from './drop-damaged';

export interface VerifyDeps extends OpenDeps, UnderLeaseDeps {
  readonly target: TargetStore;
  readonly codec: Codec;
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
 * of a share. A whole one is marked, so that prune knows the newest of them; one that is not loses the marks that it had.
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
    const damaged: BackedObject[] = [];
    await problems.foundBy(() => verifyObjects(deps, run, backup, request, problems, damaged));
    if (problems.count === 0) return await mark(deps, request);
    // before anything else may fail: prune keeps the newest one that is marked
    await unmark(deps, request).catch((err: unknown) =>
      deps.log.error({ err }, 'the backup is still marked as verified, and is not whole'),
    );
    if (request.dropDamaged) await dropDamaged(deps, run, backup, damaged);
    throw new VerificationFailed(request.id, problems.count);
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
  damaged: BackedObject[],
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
      const blob = await finder.find(object.name);
      if (!blob) problems.add(object.key, 'the object is missing');
      else if (!hasItsSize(deps.codec, object, blob)) {
        problems.add(object.key, 'the object does not have its size');
        damaged.push(object);
      } else if (request.share >= 1 || Math.random() < request.share) yield object;
    }
  };
  try {
    await inLanes(toRead(), deps.lanes, async (object) => {
      if (await problems.foundBy(async () => drained(await backup.open(object), run.signal))) damaged.push(object);
      run.count('objects_read');
    });
  } finally {
    await finder.close();
  }
}

async function drained(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const _chunk of bytes) signal.throwIfAborted();
}

/** Its name says how much was read: a listing is all that prune asks for. */
async function mark(deps: VerifyDeps, { id, share }: VerifyRequest): Promise<void> {
  const at = new Date().toISOString();
  const text = `${JSON.stringify({ at, share })}\n`;
  await putBytes(deps, fileOf(id, `${share >= 1 ? FULLY_VERIFIED : VERIFIED}${at.replaceAll(':', '')}`), bytesOf(text));
}

async function unmark({ target }: VerifyDeps, { id }: VerifyRequest): Promise<void> {
  const marks: ObjectKey[] = [];
  for await (const { key } of target.list(fileOf(id, VERIFIED) as unknown as KeyPrefix)) marks.push(key);
  await target.deleteMany(marks);
}
