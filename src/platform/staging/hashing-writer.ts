import type { FileHandle } from 'node:fs/promises';
import { type Sha256, sha256FromHex } from '../../kernel/sha256';

/**
 * Writes chunks to a file and hashes them as they pass: each is hashed here while another thread writes it, so that nothing waits
 * when the disk makes writers wait. Chunks are neither kept nor copied. Network chunks are large (130 KB in the median), so a
 * thread's hop for each does not show.
 */
export class HashingWriter {
  readonly #hash = new Bun.CryptoHasher('sha256');

  constructor(private readonly file: FileHandle) {}

  /** One call at a time. The chunk is its owner's again, to free or to change, once this has settled. */
  async write(chunk: Uint8Array): Promise<void> {
    const writing = writeWhole(this.file, chunk);
    this.#hash.update(chunk);
    await writing;
  }

  /** Of all that was written. */
  digest(): Sha256 {
    return sha256FromHex(this.#hash.digest('hex'));
  }
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  // A full disk or a signal may cut a write short; the next one says what is wrong.
  for (let at = 0; at < chunk.byteLength; ) {
    at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten;
  }
}
