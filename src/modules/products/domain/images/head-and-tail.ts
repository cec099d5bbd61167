import type { ImageFacts, ImageFormat, ImageLimits } from './image-facts';
import { createImageInspector } from './image-inspector';

/** Reads a part of a file: first and last byte, both included. */
export type ReadRange = (range: { readonly start: number; readonly end: number }) => Promise<Uint8Array>;

/** The size of nearly every photo stands within this; metadata of some phones (depth maps in XMP) push it megabytes back. */
const HEAD_BYTES = 64 * 1024;
const HEAD_GROWTH = 4;
const TAIL_BYTES = 16 * 1024;
/** Of what is read on: a file is never in memory as a whole. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Judges a stored file by its head, up to where it says its size, and its tail: type, size in pixels, and that it is not cut off.
 * What lies between is left to the decoder. A file that is hardly longer than both, or whose tail does not show that the picture
 * has ended (because something long was put behind it, or because it was cut off), is read whole, and judged as in an upload.
 * @throws AppError UNSUPPORTED_FORMAT, INVALID_IMAGE, RESOLUTION_TOO_LOW, RESOLUTION_TOO_HIGH
 */
export async function inspectHeadAndTail(limits: ImageLimits, sizeBytes: number, read: ReadRange): Promise<ImageFacts> {
  const inspector = createImageInspector(limits);
  const tail = sizeBytes > HEAD_BYTES + TAIL_BYTES ? readTail(sizeBytes, read) : null;
  let at = 0;
  for (let step = HEAD_BYTES; inspector.header === null && at < sizeBytes; step *= HEAD_GROWTH) {
    const end = Math.min(at + step, sizeBytes);
    inspector.push(await read({ start: at, end: end - 1 }));
    at = end;
  }
  const { header } = inspector;
  if (header !== null && tail !== null && sizeBytes - at > TAIL_BYTES) {
    if (comesToItsEnd(header.format, Buffer.from(await tail))) return header;
  }
  for (let end = at; at < sizeBytes; at = end) {
    end = Math.min(at + PIECE_BYTES, sizeBytes);
    inspector.push(await read({ start: at, end: end - 1 }));
  }
  return inspector.finish();
}

/** Asked for at once with the head, because each answer is a round trip away; its failure is told to who waits for it. */
function readTail(sizeBytes: number, read: ReadRange): Promise<Uint8Array> {
  const tail = read({ start: sizeBytes - TAIL_BYTES, end: sizeBytes - 1 });
  tail.catch(() => undefined);
  return tail;
}

function comesToItsEnd(format: ImageFormat, tail: Buffer): boolean {
  return format === 'png' ? tail.includes(PNG_END) : leavesTheScans(tail);
}

/** IEND with its length and checksum. @see https://www.w3.org/TR/png-3/ 11.2.5 */
const PNG_END = Buffer.from('0000000049454e44ae426082', 'hex');

/** What may follow an FF inside and between scans: stuffing, restarts, fill, and new tables of progressive files. ITU-T T.81, B.1 */
const IN_SCANS = new Set([0x00, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xff, 0xc4, 0xda, 0xdb, 0xdd]);

/**
 * EOI, or anything else that cannot stand in a scan: phones put videos and more behind the EOI, where it need not be in the tail.
 * A file that was cut off in its picture data has neither; nor has one with long padding behind its EOI.
 */
function leavesTheScans(tail: Buffer): boolean {
  for (let at = tail.indexOf(0xff); at !== -1; at = tail.indexOf(0xff, at + 1)) {
    const code = tail[at + 1];
    if (code !== undefined && !IN_SCANS.has(code)) return true;
  }
  return false;
}
