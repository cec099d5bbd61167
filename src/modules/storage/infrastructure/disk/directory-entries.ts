import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { fromLibc } from '../../../../platform/libc';
import { type EntryName, namesInBatch } from './linux-directory-batch';

const BATCH_BYTES = 64 * 1024;
/** @see Linux, syscall(2): getdents64 has no other name that glibc and musl share */
const GETDENTS64: Partial<Record<string, number>> = { x64: 217, arm64: 61 };

const number = process.platform === 'linux' ? GETDENTS64[process.arch] : undefined;
const libc =
  number === undefined ? null : fromLibc({ syscall: { args: ['i64', 'i32', 'ptr', 'u64'], returns: 'i64' } });

/** All at once. */
export async function allEntries(path: string): Promise<EntryName[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return [`${entry.name}/`];
    return entry.isFile() ? [entry.name] : [];
  });
}

/**
 * Batch by batch, in no order: memory does not grow with their number. (Bun's `opendir` reads all of them before it gives the first.)
 * On other systems than Linux all at once.
 */
export async function* entriesInBatches(path: string): AsyncGenerator<EntryName[]> {
  if (number === undefined || !libc) {
    yield await allEntries(path);
    return;
  }
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const buffer = Buffer.alloc(BATCH_BYTES);
    for (;;) {
      const read = Number(libc.syscall(number, folder.fd, buffer, BATCH_BYTES));
      if (read < 0) throw Object.assign(new Error('a folder could not be read'), { code: 'EIO', errno: -5 });
      if (read === 0) return;
      yield await namesInBatch(path, buffer.subarray(0, read));
    }
  } finally {
    await folder.close();
  }
}
