import { type BigIntStats, constants } from 'node:fs';
import { copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { StagedFile } from '../../../../kernel/staged-file';
import { fsyncAndLeaveCache } from '../../../../platform/fsync';
import { hashedInode } from '../../../../platform/staging/hashed-inode';
import { ChecksumMismatch, KeyNotUsable, ObjectExists } from '../../domain/store-errors';
import { type BucketFolder, pathOfKey } from './bucket-folder';
import type { DigestMemo } from './digest-memo';
import { digestFile } from './durability';
import type { DurableNames } from './durable-names';
import { failedWith } from './errno';

/** A deletion may remove the emptied parents between mkdir and link as often as there are deletions of neighbours. */
const LINK_ATTEMPTS_MAX = 20;

interface NewName {
  readonly folder: BucketFolder;
  readonly names: DurableNames;
  readonly key: ObjectKey;
  /** Whether the file that has the key already will do. */
  readonly isSame: (target: string, there: BigIntStats) => Promise<boolean>;
}

interface Publication extends Omit<NewName, 'isSame'> {
  readonly digests: DigestMemo;
  readonly sha256: Sha256;
  /** Whether it is done where the same bytes have the key already. */
  readonly repeatable: boolean;
}

/**
 * Gives a complete file its key, at once or not at all, and returns when a loss of power can't take it back.
 * link() neither overwrites nor shows a half-written file; where the file is on another file system it is copied to
 * `.incoming` first. @see link(2), EEXIST, EXDEV
 */
export async function publishFile(what: Publication, file: StagedFile, signal?: AbortSignal): Promise<void> {
  const { path } = file;
  await assureBytes(what, path, file.hashedAs);
  signal?.throwIfAborted();
  try {
    await linkToKey(named(what), path);
  } catch (error) {
    if (!failedWith(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP')) throw error;
    await publishCopy(what, path, signal);
  }
}

async function publishCopy(what: Publication, path: string, signal?: AbortSignal): Promise<void> {
  const copy = join(what.folder.incoming, Bun.randomUUIDv7());
  try {
    await copyFile(path, copy, constants.COPYFILE_EXCL);
    await assureBytes(what, copy);
    signal?.throwIfAborted();
    await linkToKey(named(what), copy);
  } finally {
    await rm(copy, { force: true });
  }
}

function named({ digests, sha256, repeatable, ...name }: Publication): NewName {
  return { ...name, isSame: async (target, there) => repeatable && (await digests.of(target, there)) === sha256 };
}

/** What is on the disk, not what was sent: hashed from the file, unless its inode is as it was when this very digest was read from it. */
async function assureBytes({ key, sha256, digests }: Publication, path: string, hashedAs?: string): Promise<void> {
  const stats = await fsyncAndLeaveCache(path);
  const isHashed = hashedAs !== undefined && hashedAs === hashedInode(sha256, stats);
  if (!isHashed && (await digestFile(path)).sha256 !== sha256) throw new ChecksumMismatch(key);
  digests.learn(stats, sha256); // the inode stays the same under its key
}

/** Links a file whose bytes are durable, then makes the name durable. Also how an object is copied. */
export async function linkToKey(what: NewName, path: string): Promise<void> {
  const target = pathOfKey(what.folder, what.key);
  try {
    await linkMakingFolders(path, target);
  } catch (error) {
    if (failedWith(error, 'ENOTDIR')) throw new KeyNotUsable(what.key, 'a part of it is an object');
    if (!failedWith(error, 'EEXIST')) throw error;
    await acceptTaken(what, target);
  }
  await what.names.keep(what.folder.root, dirname(target));
}

async function linkMakingFolders(path: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(dirname(target), { recursive: true });
      return await link(path, target);
    } catch (error) {
      if (!failedWith(error, 'ENOENT') || attempt === LINK_ATTEMPTS_MAX) throw error;
    }
  }
}

/** @throws ObjectExists, unless what is there will do */
async function acceptTaken({ key, isSame }: NewName, target: string): Promise<void> {
  const there = await stat(target, { bigint: true }).catch((error) => {
    // mkdir says EEXIST where a parent is a file
    if (failedWith(error, 'ENOTDIR')) throw new KeyNotUsable(key, 'a part of it is an object');
    throw error;
  });
  if (there.isDirectory()) throw new KeyNotUsable(key, 'other keys lie below it');
  if (!(await isSame(target, there))) throw new ObjectExists(key);
}
