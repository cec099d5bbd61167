import type { FileHandle } from 'node:fs/promises';
import { type Sha256, sha256FromHex } from '../../kernel/sha256';
import { borrowBuffer, giveBuffer } from './write-buffers';

/**
 * Writes bytes to a file and hashes them as they pass. One buffer is being written while the next one fills; nothing
 * blocks the event loop, even when the disk makes writers wait. Bytes are copied, so that their owner may free them.
 */
export class HashingWriter {
  readonly #hash = new Bun.CryptoHasher('sha256');
  #filling = borrowBuffer();
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly file: FileHandle) {}

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    for (let at = 0; at < chunk.byteLength; ) {
      const room = this.#filling.byteLength - this.#filled;
      const piece = chunk.subarray(at, at + room);
      this.#filling.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      at += piece.byteLength;
      if (piece.byteLength === room) await this.#startWriting();
    }
  }

  /** Waits until everything is written. */
  async finish(): Promise<Sha256> {
    await this.#startWriting();
    await this.#writing;
    return sha256FromHex(this.#hash.digest('hex'));
  }

  /** Waits for the write under way, so that the file may be closed. Never throws; to be called once, at the end. */
  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    giveBuffer(this.#filling);
  }

  async #startWriting(): Promise<void> {
    await this.#writing;
    const [buffer, bytes] = [this.#filling, this.#filled];
    this.#filling = borrowBuffer();
    this.#filled = 0;
    this.#writing = writeWhole(this.file, buffer, bytes).finally(() => giveBuffer(buffer));
    // It is awaited by the next write; until then its failure must not count as unhandled.
    this.#writing.catch(() => undefined);
  }
}

async function writeWhole(file: FileHandle, buffer: Uint8Array, bytes: number): Promise<void> {
  // A full disk or a signal may cut a write short; the next one says what is wrong.
  for (let at = 0; at < bytes; ) at += (await file.write(buffer, at, bytes - at)).bytesWritten;
}
