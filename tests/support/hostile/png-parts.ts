import { constants, deflateRawSync } from 'node:zlib';
import { type PngChunk, pngOf } from '../image-bytes';

export interface Header {
  readonly width: number;
  readonly height: number;
  /** 8 by default. */
  readonly depth?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colour?: number;
  readonly interlaced?: boolean;
}

export const END: PngChunk = { type: 'IEND', data: Buffer.alloc(0) };

export function ihdr({ width, height, depth = 8, colour = 0, interlaced = false }: Header): PngChunk {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return { type: 'IHDR', data };
}

const PIECE = 1 << 20;
const flushed = deflateRawSync(Buffer.alloc(PIECE), { level: 9, finishFlush: constants.Z_FULL_FLUSH });

/** A zlib stream of so many zeros, a thousandth of their size: put together of flushed blocks, not by compressing them. */
export function zeros(count: number): Buffer {
  const blocks = Array<Buffer>(Math.floor(count / PIECE)).fill(flushed);
  const rest = deflateRawSync(Buffer.alloc(count % PIECE), { level: 9 });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE((((count % 65_521) << 16) | 1) >>> 0); // Adler-32 of zeros
  return Buffer.concat([Buffer.from('78da', 'hex'), ...blocks, rest, checksum]);
}

/** Bytes that the picture data of such a PNG inflate to, with a filter byte for each line. */
export function inflatedBytes({ width, height, depth = 8, colour = 0, interlaced = false }: Header): number {
  const samples = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour] ?? 1;
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  const lines = passes.map(([left, top, everyX, everyY]) => {
    const [across, down] = [Math.ceil((width - left) / everyX), Math.ceil((height - top) / everyY)];
    return down * (1 + Math.ceil((across * samples * depth) / 8));
  });
  return lines.reduce((sum, bytes) => sum + bytes, 0);
}

/** First column and line of each pass, and every how many. @see https://www.w3.org/TR/png-3/ 8.1 */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A whole black PNG of that kind, with chunks of its own before the picture data. */
export function blackPng(header: Header, ...before: readonly PngChunk[]): Buffer {
  return pngOf([ihdr(header), ...before, { type: 'IDAT', data: zeros(inflatedBytes(header)) }, END]);
}

export const SMALL = { width: 800, height: 600 } as const;
