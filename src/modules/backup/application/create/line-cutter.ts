import type { Bytes } from '../../domain/codec';

const LINE_FEED = 10;

/** Cuts a stream of lines into parts of about so many bytes, each of whole lines. One chunk is in memory at a time. */
export class LineCutter {
  private readonly source: AsyncIterator<Uint8Array>;
  private rest: Uint8Array | null = null;

  constructor(
    lines: Bytes,
    private readonly partBytes: number,
  ) {
    this.source = lines[Symbol.asyncIterator]();
  }

  /** Whether there is another part. */
  async hasMore(): Promise<boolean> {
    while (this.rest === null || this.rest.byteLength === 0) {
      const { done, value } = await this.source.next();
      if (done) return false;
      this.rest = value;
    }
    return true;
  }

  async *part(): Bytes {
    for (let bytes = 0; await this.hasMore(); ) {
      const chunk = this.rest ?? new Uint8Array();
      const isFull = bytes + chunk.byteLength >= this.partBytes;
      const end = isFull ? chunk.lastIndexOf(LINE_FEED) + 1 : 0;
      const taken = end === 0 ? chunk : chunk.subarray(0, end);
      this.rest = chunk.subarray(taken.byteLength);
      bytes += taken.byteLength;
      yield taken;
      if (end > 0) return;
    }
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }
}
