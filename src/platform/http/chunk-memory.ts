/**
 * Frees the memory of network chunks as soon as nobody looks at them any more. Left to the garbage collector they pile up
 * between its full rounds: 32 uploads at once then need 100 MB more.
 */
export class ChunkMemory {
  #before: Uint8Array | null = null;
  #latest: Uint8Array | null = null;

  received(chunk: Uint8Array): void {
    this.#before = this.#latest;
    this.#latest = chunk;
  }

  /**
   * Frees the chunk before the latest. The latest is spared: streams between parser and reader hand its pieces on in later
   * ticks, all of which have passed once another chunk has been written.
   */
  freeSpent(): void {
    if (this.#before !== null) free(this.#before);
    this.#before = null;
  }
}

function free(chunk: Uint8Array): void {
  const { buffer } = chunk;
  // A view of something larger may have neighbours that live on.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}
