import type { Sha256 } from '../../kernel/sha256';
import { digestThread } from '../hashing/digest-thread';

/** Read back at once: less, and waking the other thread shows; more, and it is late when the last byte has come. */
const READ_BACK_BYTES = 1024 * 1024;

/** A file that is open for reading and writing. */
export interface OpenFile {
  readonly fd: number;
  /** As write(2): part of the chunk, from `at` on, to where the file's writes have come. */
  write(chunk: Uint8Array, at: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

/**
 * Writes chunks to a file and hashes what the file then holds: another thread reads it back while the next chunk comes. So
 * sha-256 is taken once, of the bytes that will be stored, and away from the thread that serves requests; a CRC-32 of the chunks on
 * their way in, at a tenth of its cost, proves that they are what was written. Chunks are neither kept nor copied.
 */
export class HashingWriter {
  #crc32 = 0;
  #sizeBytes = 0;
  #askedUpTo = 0;
  readonly #readBack: ReturnType<typeof digestThread.growing>;

  /** @param file closed only after `finish` or `abandon` has settled */
  constructor(private readonly file: OpenFile) {
    this.#readBack = digestThread.growing(file.fd);
  }

  /** One call at a time. The chunk is its owner's again, to free or to change, once this has settled. */
  async write(chunk: Uint8Array): Promise<void> {
    const writing = writeWhole(this.file, chunk);
    this.#crc32 = Bun.hash.crc32(chunk, this.#crc32);
    await writing;
    this.#sizeBytes += chunk.byteLength;
    if (this.#sizeBytes - this.#askedUpTo < READ_BACK_BYTES) return;
    this.#askedUpTo = this.#sizeBytes;
    this.#readBack.upTo(this.#sizeBytes);
  }

  /** @throws Error when the file does not hold what was written to it */
  async finish(): Promise<Sha256> {
    const { sha256, crc32, sizeBytes } = await this.#readBack.finish(this.#sizeBytes);
    if (crc32 !== this.#crc32 || sizeBytes !== this.#sizeBytes)
      throw new Error('a file does not hold what was written to it');
    return sha256;
  }

  /** Nobody wants the digest. Never throws. */
  async abandon(): Promise<void> {
    await Promise.allSettled([this.#readBack.finish(0)]);
  }
}

async function writeWhole(file: OpenFile, chunk: Uint8Array): Promise<void> {
  // A full disk or a signal may cut a write short; the next one says what is wrong.
  for (let at = 0; at < chunk.byteLength; ) {
    at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten;
  }
}
