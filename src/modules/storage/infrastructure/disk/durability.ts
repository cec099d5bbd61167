import { type BigIntStats, closeSync, fstatSync, fsync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Sha256 } from '../../../../kernel/sha256';
import { digestThread } from '../../../../platform/hashing/digest-thread';
import { failedWith } from './errno';
import { SharedFsyncs } from './shared-fsyncs';

/** Reads the bytes as they are now. @returns their sha-256 and number */
export async function digestFile(path: string): Promise<{ sha256: Sha256; sizeBytes: number }> {
  await using file = await open(path, 'r');
  return await digestThread.whole(file.fd);
}

const fsyncDescriptor = promisify(fsync);

/**
 * Puts a file's bytes, or a directory's entries, beyond a loss of power. Only the fsync waits for the disk: to open and to close
 * what is there already takes less than a thread's hop.
 * @returns its state just before @see fsync(2)
 */
export async function fsyncPath(path: string): Promise<BigIntStats> {
  const descriptor = openSync(path, 'r');
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    await fsyncDescriptor(descriptor);
    return stats;
  } finally {
    closeSync(descriptor);
  }
}

const folderFsyncs = new SharedFsyncs(fsyncIfThere);

/**
 * Fsyncs a directory and all above it up to the root: an upper one may have been made by another put that has not fsynced it yet.
 * All at once: the journal's commit that one of them causes serves the others.
 */
export async function fsyncFoldersUpTo(root: string, folder: string): Promise<void> {
  const folders = [root];
  for (let above = folder; above.length > root.length; above = dirname(above)) folders.push(above);
  await Promise.all(folders.map((path) => folderFsyncs.of(path)));
}

/** A folder that a deletion has removed meanwhile has nothing left to keep. */
export async function fsyncIfThere(folder: string): Promise<void> {
  try {
    await fsyncPath(folder);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}
