import { ftruncateSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagedFile } from '../../kernel/staged-file';
import type { UnnamedFolder } from './staging-area';
import { type OnChunk, writeHashed } from './write-hashed';

/** Requests at once; a descriptor is open for each of their photos. */
const FOLDERS_MAX = 64;
/** Kept open for the next upload: as many photos as eight products have. */
const SPARES_MAX = 64;
/** What all spares may keep of their pages, of memory or disk as the system likes: to write over them costs a fifth of taking new ones. */
const SPARE_BYTES_MAX = 256 * 1024 * 1024;
/** Spares that nobody wanted for so long are closed, and their bytes are gone. */
const SPARE_FOR_MS = 5_000;

interface UnnamedFile {
  readonly handle: FileHandle;
  /** Of what was staged in it last, until it is staged in again. */
  sizeBytes: number;
}

/**
 * Temporary files without a name, used again, for bytes that go on to another machine. A file for each photo would be made and
 * removed a hundred times a second, and ext4 walks past every inode that it freed within the last minute before it takes one: a
 * tenth of this process's CPU (docs/adr/0086). The death of the process leaves nothing, because there is no name to leave.
 */
export class UnnamedFiles {
  readonly #spares: UnnamedFile[] = [];
  #spareBytes = 0;
  #folders = 0;
  #made = 0;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param folder exists, and is this process's own */
  constructor(
    private readonly folder: string,
    private readonly spareForMs = SPARE_FOR_MS,
  ) {}

  /** null where so many are in use that descriptors may run short. */
  openFolder(): UnnamedFolder | null {
    if (this.#folders >= FOLDERS_MAX) return null;
    this.#folders += 1;
    const taken: UnnamedFile[] = [];
    let removed = false;
    return {
      stage: async (bytes, onChunk) => {
        const file = this.#takeSpare() ?? (await this.#make());
        taken.push(file);
        return await stageFile(file, bytes, onChunk);
      },
      remove: async () => {
        if (!removed) this.#folders -= 1;
        removed = true;
        await Promise.all(taken.splice(0).map((file) => this.#giveBack(file)));
      },
    };
  }

  /** What is still in use is closed when its folder is removed. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#closeSpares();
  }

  #takeSpare(): UnnamedFile | undefined {
    const file = this.#spares.pop();
    this.#spareBytes -= file?.sizeBytes ?? 0;
    return file;
  }

  async #make(): Promise<UnnamedFile> {
    const path = join(this.folder, `unnamed-${this.#made++}`);
    const handle = await open(path, 'wx+', 0o600);
    try {
      await rm(path);
      return { handle, sizeBytes: 0 };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * A put that was given up may be reading on for a moment, while the next photo is written: what it then sends has not the
   * digest that its request is bound to, and the store refuses it.
   */
  async #giveBack(file: UnnamedFile): Promise<void> {
    const isRoom = this.#spares.length < SPARES_MAX && this.#spareBytes + file.sizeBytes <= SPARE_BYTES_MAX;
    if (this.#closed || !isRoom) return await file.handle.close();
    this.#spares.push(file);
    this.#spareBytes += file.sizeBytes;
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => void this.#closeSpares(), this.spareForMs);
    this.#expiry.unref();
  }

  async #closeSpares(): Promise<void> {
    clearTimeout(this.#expiry);
    this.#spareBytes = 0;
    await Promise.all(this.#spares.splice(0).map(({ handle }) => handle.close()));
  }
}

/** Over what the file held before, whose rest is cut off: readers find the end where these bytes end. */
async function stageFile(file: UnnamedFile, bytes: AsyncIterable<Uint8Array>, onChunk?: OnChunk): Promise<StagedFile> {
  const { handle, sizeBytes: before } = file;
  let end = 0;
  const atEnd = {
    fd: handle.fd,
    write: async (chunk: Uint8Array, at: number, length: number) => {
      const written = await handle.write(chunk, at, length, end);
      end += written.bytesWritten;
      file.sizeBytes = Math.max(before, end);
      return written;
    },
  };
  const staged = await writeHashed(atEnd, bytes, onChunk);
  if (end < before) ftruncateSync(handle.fd, end);
  file.sizeBytes = end;
  return { path: `/proc/self/fd/${handle.fd}`, ...staged };
}
