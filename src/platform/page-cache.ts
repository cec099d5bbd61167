import { fromLibc } from './libc';

/** @see Linux, posix_fadvise(2) */
const DONTNEED = 4;

const libc =
  process.platform === 'linux'
    ? fromLibc({ posix_fadvise: { args: ['i32', 'i64', 'i64', 'i32'], returns: 'i32' } })
    : null;

/**
 * Gives the pages of a file that is durable back to the system at once, for the next file to be written into. Advice: nothing depends
 * on it, and a system that does not know it goes on as it would have.
 */
export function leavePageCache(descriptor: number): void {
  libc?.posix_fadvise(descriptor, 0, 0, DONTNEED);
}
