import { EOI, SOI, segment } from './jpeg-parts';

/** One Huffman table with a code of four bits for each run of empty blocks, from 1 to 32,767. @see ITU-T T.81, figure G.2 */
const RUNS = segment(
  0xc4,
  Buffer.from([0x10, 0, 0, 0, 15, ...Array<number>(12).fill(0), ...Array.from({ length: 15 }, (_, n) => n << 4)]),
);
/** One with the code 0 for "as the block before". */
const SAME = segment(0xc4, Buffer.from([0x00, 1, ...Array<number>(15).fill(0), 0]));
const FLAT_QUANTIZATION = segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)]));
const COMPONENTS = [1, 2, 3] as const;
/** Bits of a coefficient that may come one by one, each in a scan of its own. */
const STEPS = 13;

/** Bits as entropy-coded data: filled up with ones, zeros stuffed behind FF. */
function entropy(bits: string): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const bytes = whole.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  return Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
}

function emptyBlocks(count: number): Buffer {
  let bits = '';
  for (let left = count; left > 0; ) {
    const run = Math.min(14, Math.floor(Math.log2(left)));
    const length = Math.min(left, 2 ** (run + 1) - 1);
    bits += run.toString(2).padStart(4, '0') + (run > 0 ? (length - 2 ** run).toString(2).padStart(run, '0') : '');
    left -= length;
  }
  return entropy(bits);
}

function scan(component: number, coefficient: number, high: number, low: number, data: Buffer): Buffer {
  return Buffer.concat([
    segment(0xda, Buffer.from([1, component, 0, coefficient, coefficient, (high << 4) | low])),
    data,
  ]);
}

/**
 * A whole grey picture whose coefficients come one bit of one at a time, each in a scan of its own: by the standard, every one of
 * the scans is in order, and each makes the decoder go through all blocks once more.
 * @param scans from 3 to 2,500
 */
export function jpegOfScans(scans: number, width: number, height: number): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const frame = Buffer.from([8, 0, 0, 0, 0, 3, ...COMPONENTS.flatMap((component) => [component, 0x11, 0])]);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  const zeros = entropy('0'.repeat(blocks));
  const empty = emptyBlocks(blocks);
  const all = COMPONENTS.map((component) => scan(component, 0, 0, 0, zeros));
  for (let n = 0; all.length < scans; n += 1) {
    const step = n % (STEPS + 1);
    const band = Math.floor(n / (STEPS + 1));
    const component = COMPONENTS[band % 3] ?? 1;
    all.push(scan(component, 1 + Math.floor(band / 3), step === 0 ? 0 : STEPS + 1 - step, STEPS - step, empty));
  }
  return Buffer.concat([SOI, FLAT_QUANTIZATION, segment(0xc2, frame), SAME, RUNS, ...all, EOI]);
}
