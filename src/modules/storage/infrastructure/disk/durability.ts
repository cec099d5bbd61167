import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Sha256 } from '../../../../kernel/sha256';
import { fsyncDescriptor } from '../../../../platform/fsync';
import { digestThread } from '../../../../platform/hashing/digest-thread';
import { failedWith } from './errno';

/** Reads the bytes as they are now. @returns their sha-256 and number */
export async function digestFile(path: string): Promise<{ sha256: Sha256; sizeBytes: number }> {
  await using file = await open(path, 'r');
  return await digestThread.whole(file.fd);
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
