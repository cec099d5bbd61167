import { type BigIntStats, closeSync, fstatSync, fsync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Sha256 } from '../../../../kernel/sha256';
import { digestThread } from '../../../../platform/hashing/digest-thread';
import { leavePageCache } from '../../../../platform/page-cache';
import { failedWith } from './errno';

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
export function fsyncPath(path: string): Promise<BigIntStats> {
  return fsyncAnd(path, () => undefined);
}

/** … and frees the memory that the file's bytes were written through: the next photos need it more than these, which are read once. */
export function fsyncAndLeaveCache(path: string): Promise<BigIntStats> {
  return fsyncAnd(path, leavePageCache);
}

async function fsyncAnd(path: string, then: (descriptor: number) => void): Promise<BigIntStats> {
  const descriptor = openSync(path, 'r');
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    await fsyncDescriptor(descriptor);
    then(descriptor);
    return stats;
  } finally {
    closeSync(descriptor);
  }
}

/** A folder that a deletion has removed meanwhile has nothing left to keep. */
export async function fsyncIfThere(folder: string): Promise<void> {
  const descriptor = openIfThere(folder);
  if (descriptor === null) return;
  try {
    await fsyncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(folder: string): number | null {
  try {
    return openSync(folder, 'r');
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw error;
  }
}
