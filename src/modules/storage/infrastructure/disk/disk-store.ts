import { type BigIntStats, constants } from 'node:fs';
import { access, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { StagedFile } from '../../../../kernel/staged-file';
import { fsyncPath } from '../../../../platform/fsync';
import { makeDurableFolder } from '../../../../platform/make-durable-folder';
import { contentTypeOfKey } from '../../domain/content-type';
import type { LocalObjects } from '../../domain/local-objects';
import type {
  ByteRange,
  ExpectedBytes,
  ListedObject,
  ObjectHead,
  ObjectStore,
  SignedGet,
  SignedPut,
} from '../../domain/object-store';
import { ChecksumMismatch, KeyNotUsable, ObjectMissing } from '../../domain/store-errors';
import { type BucketFolder, bucketFolder, pathOfKey } from './bucket-folder';
import { DigestMemo } from './digest-memo';
import { fsyncIfThere } from './durability';
import { DurableNames } from './durable-names';
import { asOutage, failedWith, nullIf, orOutage } from './errno';
import { linkToKey, publishFile } from './publish';
import { readObject } from './read';
import { removeObjects } from './remove';
import { SharedFsyncs } from './shared-fsyncs';
import type { DiskUrlSigner } from './sign';
import { walkKeys } from './walk';

/** A copy that nobody has written to for so long belongs to a process that died. */
const INCOMING_DEAD_AFTER_MS = 60 * 60 * 1000;

export interface DiskStoreOptions {
  readonly dataDir: string;
  readonly bucket: string;
  readonly urls: DiskUrlSigner;
}

/** The object store on a local file system. `files-door.ts` serves its signed URLs. */
export class DiskStore implements ObjectStore, LocalObjects {
  readonly kind = 'disk';
  readonly bucket: string;
  private readonly folder: BucketFolder;
  private readonly urls: DiskUrlSigner;
  private readonly digests = new DigestMemo();
  private readonly names: DurableNames;

  constructor(options: DiskStoreOptions) {
    this.bucket = options.bucket;
    this.urls = options.urls;
    this.folder = bucketFolder(options.dataDir, options.bucket);
    const fsyncs = new SharedFsyncs(fsyncIfThere);
    this.names = new DurableNames((folder) => fsyncs.of(folder));
  }

  /** The type is not kept: `head()` derives it from the key's extension, so that an object is one file and nothing beside it. */
  put(key: ObjectKey, file: StagedFile, _contentType: string, signal?: AbortSignal): Promise<void> {
    return orOutage(publishFile(this.publication(key, file.sha256), file, signal));
  }

  putOnce(key: ObjectKey, file: StagedFile, signal?: AbortSignal): Promise<void> {
    return orOutage(publishFile({ ...this.publication(key, file.sha256), repeatable: false }, file, signal));
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    return orOutage(readObject(this.pathToRead(key) ?? missing(key), key, range));
  }

  async head(key: ObjectKey): Promise<ObjectHead | null> {
    return (await this.locate(key))?.head ?? null;
  }

  async locate(key: ObjectKey): Promise<{ path: string; head: ObjectHead } | null> {
    const file = await this.fileOf(key);
    if (!file) return null;
    const { path, stats } = file;
    try {
      const sha256 = await this.digests.of(path, stats);
      // ctime: never earlier than the moment this name was made, which for a copy is later than its bytes' mtime
      const facts = { sizeBytes: Number(stats.size), lastModified: stats.ctime };
      return { path, head: { key, sha256, contentType: contentTypeOfKey(key), ...facts } };
    } catch (error) {
      if (failedWith(error, 'ENOENT', 'ENOTDIR')) return null;
      throw asOutage(error);
    }
  }

  private async fileOf(key: ObjectKey): Promise<{ path: string; stats: BigIntStats } | null> {
    const path = this.pathToRead(key);
    if (path === null) return null;
    const stats = await orOutage(nullIf(['ENOENT', 'ENOTDIR'], stat(path, { bigint: true })));
    return stats?.isFile() ? { path, stats } : null;
  }

  async *list(prefix: KeyPrefix, after?: ObjectKey): AsyncGenerator<ListedObject> {
    try {
      yield* walkKeys(this.folder, prefix, after);
    } catch (error) {
      throw asOutage(error);
    }
  }

  /**
   * A second name for the same bytes: they are never written to again, and not read either unless they are to be compared. What can't
   * be read any more can still be moved.
   */
  async copy(from: ObjectKey, to: ObjectKey, expected?: ExpectedBytes): Promise<void> {
    pathOfKey(this.folder, to);
    const source = (await this.fileOf(from)) ?? missing(from);
    const digest = () => this.digests.of(source.path, source.stats);
    if (expected !== undefined && (await orOutage(digest())) !== expected.sha256) throw new ChecksumMismatch(to);
    const isSame = async (target: string, there: BigIntStats) =>
      (there.ino === source.stats.ino && there.dev === source.stats.dev) ||
      (await this.digests.of(target, there)) === (await digest());
    await orOutage(linkToKey({ folder: this.folder, names: this.names, key: to, isSame }, source.path));
  }

  deleteMany(keys: readonly ObjectKey[]): Promise<void> {
    return orOutage(removeObjects(this.folder, keys));
  }

  removeHalfWritten(before: Date): Promise<number> {
    return orOutage(this.removeDeadCopies(before));
  }

  signGet(request: SignedGet): string {
    return this.urls.signGet(request);
  }

  signPut(request: SignedPut) {
    return this.urls.signPut(request);
  }

  signsUntil(): null {
    return null;
  }

  async prepare(): Promise<void> {
    await orOutage(this.makeFolders());
    await this.removeHalfWritten(new Date(Date.now() - INCOMING_DEAD_AFTER_MS));
    await this.check();
  }

  async check(): Promise<void> {
    await orOutage(access(this.folder.root, constants.R_OK | constants.W_OK | constants.X_OK));
  }

  private publication(key: ObjectKey, sha256: Sha256) {
    return { folder: this.folder, digests: this.digests, names: this.names, key, sha256, repeatable: true };
  }

  /** Only this process's user may read them: the objects are private. */
  private async makeFolders(): Promise<void> {
    await makeDurableFolder(this.folder.root, 0o700);
    await makeDurableFolder(this.folder.incoming, 0o700);
    const objects = dirname(this.folder.root);
    await Promise.all([objects, dirname(objects)].map(fsyncPath));
  }

  private async removeDeadCopies(before: Date): Promise<number> {
    const { incoming } = this.folder;
    let removed = 0;
    for (const name of await readdir(incoming)) {
      const stats = await nullIf(['ENOENT'], stat(`${incoming}/${name}`)); // another start has removed it
      if (!stats || stats.mtimeMs >= before.getTime()) continue;
      await rm(`${incoming}/${name}`, { force: true });
      removed += 1;
    }
    return removed;
  }

  /** Null for a key that this store can't hold, and therefore does not. */
  private pathToRead(key: ObjectKey): string | null {
    try {
      return pathOfKey(this.folder, key);
    } catch (error) {
      if (error instanceof KeyNotUsable) return null;
      throw error;
    }
  }
}

function missing(key: ObjectKey): never {
  throw new ObjectMissing(key);
}
