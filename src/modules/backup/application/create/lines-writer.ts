import { sha256FromHex } from '../../../../kernel/sha256';
import type { Bytes, Codec } from '../../domain/codec';
import { type BackupId, fileOf, segmentName } from '../../domain/layout';
import type { Segment, SegmentedLines } from '../../domain/manifest';
import { lineFeedsIn } from '../read/segments';
import { type PutDeps, putBytes } from '../target/put-bytes';
import { LineCutter } from './line-cutter';

export interface LinesDeps extends PutDeps {
  readonly codec: Pick<Codec, 'pack'>;
  /** Of plain bytes; each segment lies on this machine's disk, compressed, before it goes. */
  readonly segmentBytes: number;
}

/** Writes lines to the target in numbered segments, and says of each what a reader can check. */
export class LinesWriter {
  private readonly whole = new Bun.CryptoHasher('sha256');
  private readonly segments: Segment[] = [];

  constructor(
    private readonly deps: LinesDeps,
    private readonly id: BackupId,
    private readonly name: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @param onLines told how many lines have passed since it was last told */
  async append(lines: Bytes, onLines: (count: number) => void = () => undefined): Promise<void> {
    const cutter = new LineCutter(lines, this.deps.segmentBytes);
    try {
      while (await cutter.hasMore()) await this.writeSegment(cutter.part(), onLines);
    } finally {
      await cutter.close();
    }
  }

  get segmentCount(): number {
    return this.segments.length;
  }

  get lines(): number {
    return this.segments.reduce((total, { lines }) => total + lines, 0);
  }

  /** Once, when there is nothing to append any more. */
  end(): SegmentedLines {
    const sum = (of: (segment: Segment) => number) => this.segments.reduce((total, segment) => total + of(segment), 0);
    return {
      lines: this.lines,
      bytes: sum(({ bytes }) => bytes),
      sha256: sha256FromHex(this.whole.digest('hex')),
      segments: this.segments,
    };
  }

  private async writeSegment(part: Bytes, onLines: (count: number) => void): Promise<void> {
    this.signal.throwIfAborted();
    const key = fileOf(this.id, segmentName(this.name, this.segments.length + 1));
    const hasher = new Bun.CryptoHasher('sha256');
    const passed = { lines: 0, bytes: 0 };
    const { whole, signal } = this;
    const counted = async function* (): Bytes {
      for await (const chunk of part) {
        signal.throwIfAborted();
        const lines = lineFeedsIn(chunk);
        hasher.update(chunk);
        whole.update(chunk);
        passed.lines += lines;
        passed.bytes += chunk.byteLength;
        onLines(lines);
        yield chunk;
      }
    };
    const { sizeBytes } = await putBytes(this.deps, key, this.deps.codec.pack(counted()), { signal });
    this.segments.push({ key, ...passed, sha256: sha256FromHex(hasher.digest('hex')), storedBytes: sizeBytes });
  }
}
