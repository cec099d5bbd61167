import { type BigIntStats, closeSync, fstatSync, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { leavePageCache } from './page-cache';

export const fsyncDescriptor = promisify(fsync);

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
