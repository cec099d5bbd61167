/** Where the frame header of a baseline JPEG with three components begins. */
export function frameAt(jpeg: Buffer): number {
  return jpeg.indexOf(Buffer.from([0xff, 0xc0, 0x00, 0x11]));
}

/** Puts an APP1 segment with a whole JPEG in it right after SOI, as cameras do with thumbnails. */
export function withApp1(jpeg: Buffer, thumbnail: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0'), thumbnail]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** Puts a restart marker, a stuffed zero and a fill byte into the entropy-coded data: structure, not picture, is judged. */
export function withRestartMarker(jpeg: Buffer): Buffer {
  const middle = jpeg.length - 40;
  return Buffer.concat([jpeg.subarray(0, middle), Buffer.from('ffd0ff00ffffd7', 'hex'), jpeg.subarray(middle)]);
}

/** Puts fill bytes before the frame header and before EOI. */
export function withFillBytes(jpeg: Buffer): Buffer {
  const frame = frameAt(jpeg);
  const fill = Buffer.from('ffffff', 'hex');
  return Buffer.concat([jpeg.subarray(0, frame), fill, jpeg.subarray(frame, -2), fill, jpeg.subarray(-2)]);
}

export interface PngChunk {
  readonly type: string;
  readonly data: Buffer;
}

export function chunksOf(png: Buffer): PngChunk[] {
  const chunks: PngChunk[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
  }
  return chunks;
}

/** A PNG of these chunks, each with its right CRC, whether they make sense or not. */
export function pngOf(chunks: readonly PngChunk[]): Buffer {
  const pieces = chunks.map(({ type, data }) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(Bun.hash.crc32(body));
    return Buffer.concat([length, body, crc]);
  });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...pieces]);
}
