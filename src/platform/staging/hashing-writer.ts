import type { Sha256 } from '../../kernel/sha256';
import { checkOf, digestThread, PIECE_BYTES_MAX } from '../hashing/digest-thread';

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
 * sha-256 is taken once, of the bytes that will be stored, and away from the thread that serves requests; a check of the chunks on
 * their way in, at a twentieth of its cost, shows that they are what was written. Chunks are neither kept nor copied.
 */
export class HashingWriter {
  #check = 0n;
  #sizeBytes = 0;
  #askedUpTo = 0;
  #ends: number[] = [];
  readonly #readBack: ReturnType<typeof digestThread.growing>;

  /** @param file closed only after `finish` or `abandon` has settled */
  constructor(private readonly file: OpenFile) {
    this.#readBack = digestThread.growing(file.fd);
  }

  /** One call at a time. The chunk is its owner's again, to free or to change, once this has settled. */
  async write(chunk: Uint8Array): Promise<void> {
    const writing = writeWhole(this.file, chunk);
    this.#look(chunk);
    await writing;
    if (this.#sizeBytes - this.#askedUpTo < READ_BACK_BYTES) return;
    this.#askedUpTo = this.#sizeBytes;
    this.#readBack.upTo(this.#ends);
    this.#ends = [];
  }

  /** @throws Error when the file does not hold what was written to it */
  async finish(): Promise<Sha256> {
    const { sha256, check, sizeBytes } = await this.#readBack.finish(this.#ends);
    if (check !== this.#check || sizeBytes !== this.#sizeBytes)
      throw new Error('a file does not hold what was written to it');
    return sha256;
  }

  /** Nobody wants the digest. Never throws. */
  async abandon(): Promise<void> {
    await Promise.allSettled([this.#readBack.finish([])]);
  }

  /** The other thread sees the same pieces. */
  #look(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES_MAX) {
      const piece = chunk.subarray(at, at + PIECE_BYTES_MAX);
      this.#check = checkOf(piece, this.#check);
      this.#sizeBytes += piece.byteLength;
      this.#ends.push(this.#sizeBytes);
    }
  }
}

async function writeWhole(file: OpenFile, chunk: Uint8Array): Promise<void> {
  // A full disk or a signal may cut a write short; the next one says what is wrong.
  for (let at = 0; at < chunk.byteLength; ) {
    at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten;
  }
}
