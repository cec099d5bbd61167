import sharp, { type Sharp } from 'sharp';

export const SOI = Buffer.from('ffd8', 'hex');
export const EOI = Buffer.from('ffd9', 'hex');

/** Marker, length and content. */
export function segment(marker: number, content: Buffer | string): Buffer {
  const data = Buffer.from(content as Buffer);
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** Segments right behind SOI, where cameras put theirs. */
export function withSegments(jpeg: Buffer, ...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

export const flat = (width = 800, height = 600, background = '#c03020'): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });

/** A JPEG of one colour: a few kilobytes, judged whole by every door. */
export const flatJpeg = (width?: number, height?: number): Promise<Buffer> => flat(width, height).jpeg().toBuffer();

/** Where the frame header (SOF0 to SOF2) begins. */
function frameOf(jpeg: Buffer): number {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const code = jpeg.readUInt8(at + 1);
    if (code >= 0xc0 && code <= 0xc2) return at;
  }
  throw new Error('it has no frame');
}

/** The same picture data under another size. */
export function resized(jpeg: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = frameOf(jpeg);
  changed.writeUInt16BE(height, frame + 5);
  changed.writeUInt16BE(width, frame + 7);
  return changed;
}

/** Another byte in the frame header, counted from its FF. */
export function reframed(jpeg: Buffer, offset: number, value: number): Buffer {
  const changed = Buffer.from(jpeg);
  changed.writeUInt8(value, frameOf(jpeg) + offset);
  return changed;
}
