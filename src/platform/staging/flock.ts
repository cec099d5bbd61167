import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { fromLibc } from '../libc';

export type LockMode = 'shared' | 'exclusive';
/** Gives the lock back; the death of the process does the same. Safe to call twice. */
export type Release = () => void;

export interface LockOptions {
  /** true: ask again until the lock is free. false: answer null when another holds it. */
  readonly wait: boolean;
  /** Ends the waiting: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

// <sys/file.h>, the same numbers on Linux and macOS.
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const ASK_AGAIN_MS = 10;

/**
 * Locks a file, made if it is missing, against every other holder on this machine, in this process or another. Children
 * do not inherit it (Bun opens with O_CLOEXEC). A file system that cannot lock looks like one where another holds it: there, waiting never
 * ends.
 * @returns null when `wait` is false and another holds it
 * @throws ENOENT where the folder is missing
 * @see flock(2)
 */
export async function lockFile(path: string, mode: LockMode, options: LockOptions & { wait: true }): Promise<Release>;
export async function lockFile(path: string, mode: LockMode, options: LockOptions): Promise<Release | null>;
export async function lockFile(path: string, mode: LockMode, options: LockOptions): Promise<Release | null> {
  for (;;) {
    options.signal?.throwIfAborted();
    const release = tryLock(path, mode);
    if (release !== null || !options.wait) return release;
    await Bun.sleep(ASK_AGAIN_MS);
  }
}

function tryLock(path: string, mode: LockMode): Release | null {
  const fd = openSync(path, 'a', 0o600);
  const locked = libcFlock()(fd, (mode === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB) === 0;
  // Between open and flock the file may have been removed by its former holder: that lock would guard nothing.
  if (!locked || !stillNames(path, fd)) {
    closeSync(fd);
    return null;
  }
  let held = true;
  return () => {
    if (held) closeSync(fd);
    held = false;
  };
}

function stillNames(path: string, fd: number): boolean {
  const named = statSync(path, { throwIfNoEntry: false });
  const opened = fstatSync(fd);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

type Flock = (fd: number, operation: number) => number;
let loaded: Flock | undefined;

function libcFlock(): Flock {
  loaded ??= fromLibc({ flock: { args: ['i32', 'i32'], returns: 'i32' } }).flock;
  return loaded;
}
