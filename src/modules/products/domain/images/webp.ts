import type { ReadRange } from './head-and-tail';
import type { ImageLimits } from './image-facts';
import { cutOff, damaged, judgeSize, type PixelSize, unsupported } from './image-faults';

const START_BYTES = 4096;
/** Of a chunk: its name and length, and what says the size of a picture. */
const CHUNK_START_BYTES = 18;
/** Before the picture there may be an extended header, a colour profile and transparency. */
const MOST_CHUNKS = 16;
const ANIMATED = 0x02;

interface Chunk {
  readonly name: string;
  /** The first bytes of its content. */
  readonly start: Buffer;
  /** Where the next one begins: lengths are padded to even ones. */
  readonly next: number;
}

export function isWebp(start: Uint8Array): boolean {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, 12));
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
}

/**
 * Judges a stored WebP by its RIFF structure: size in pixels, a picture, and that neither file nor picture is cut off.
 * @throws AppError INVALID_IMAGE, UNSUPPORTED_FORMAT (animated), RESOLUTION_TOO_LOW, RESOLUTION_TOO_HIGH
 * @see RFC 9649, 2: WebP Container Specification
 */
export async function inspectWebp(limits: ImageLimits, sizeBytes: number, read: ReadRange): Promise<PixelSize> {
  const head = Buffer.from(await read({ start: 0, end: Math.min(START_BYTES, sizeBytes) - 1 }));
  if (!isWebp(head)) throw unsupported();
  const end = head.readUInt32LE(4) + 8;
  if (end > sizeBytes) throw cutOff();
  let canvas: PixelSize | null = null;
  for (let at = 12, chunks = 0; chunks < MOST_CHUNKS; chunks += 1) {
    if (at + CHUNK_START_BYTES > end) throw damaged('it contains no picture.');
    const chunk: Chunk = await chunkAt(at, head, end, read);
    const size = sizeIn(chunk);
    if (size) judgeSize(size, limits);
    if (size && chunk.name !== 'VP8X') return canvas ?? size;
    canvas = size ?? canvas;
    at = chunk.next;
  }
  throw damaged('it contains no picture.');
}

async function chunkAt(at: number, head: Buffer, end: number, read: ReadRange): Promise<Chunk> {
  const last = at + CHUNK_START_BYTES;
  const bytes = last <= head.length ? head.subarray(at, last) : Buffer.from(await read({ start: at, end: last - 1 }));
  const length = bytes.readUInt32LE(4);
  if (at + 8 + length > end) throw cutOff();
  return { name: bytes.toString('latin1', 0, 4), start: bytes.subarray(8), next: at + 8 + length + (length % 2) };
}

/** Null for a chunk that says nothing of it. */
function sizeIn({ name, start }: Chunk): PixelSize | null {
  if (name === 'VP8X') {
    if (((start[0] ?? 0) & ANIMATED) !== 0) throw unsupported('An animated WebP cannot be used.');
    return { width: start.readUIntLE(4, 3) + 1, height: start.readUIntLE(7, 3) + 1 };
  }
  if (name === 'VP8 ') {
    if (start.readUIntBE(3, 3) !== 0x9d012a) throw damaged('its picture data cannot be read.');
    return { width: start.readUInt16LE(6) & 0x3fff, height: start.readUInt16LE(8) & 0x3fff };
  }
  if (name === 'VP8L') {
    if (start[0] !== 0x2f) throw damaged('its picture data cannot be read.');
    const bits = start.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return null;
}
