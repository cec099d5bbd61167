import { ptr } from 'bun:ffi';
import { fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fromLibc } from '../../src/platform/libc';

const PAGE_BYTES = 4096;
const MAP_SHARED = 1;

/** Where files lie on a disk: what lies in a file system of memory, as /tmp may, is always in the page cache. */
export const ON_DISK = '/var/tmp';

/** How many pages of a file, which is not empty, the system's page cache holds. @see mincore(2) */
export async function cachedPages(path: string): Promise<number> {
  const libc = fromLibc({
    mmap: { args: ['ptr', 'u64', 'i32', 'i32', 'i32', 'i64'], returns: 'ptr' },
    munmap: { args: ['ptr', 'u64'], returns: 'i32' },
    mincore: { args: ['ptr', 'u64', 'ptr'], returns: 'i32' },
  });
  await using file = await open(path);
  const { size } = fstatSync(file.fd);
  const memory = libc.mmap(null, size, 0, MAP_SHARED, file.fd, 0);
  const pages = new Uint8Array(Math.ceil(size / PAGE_BYTES));
  const failed = libc.mincore(memory, size, ptr(pages));
  libc.munmap(memory, size);
  if (failed) throw new Error(`mincore: ${failed}`);
  return pages.filter((page) => page & 1).length;
}
