import { MOST_JPEG_SCANS } from '../../../../kernel/jpeg-scans';

// ITU-T T.81, table B.1.
const SOI = 0xffd8;
const EOI = 0xd9;
const SOS = 0xda;

/**
 * Whether a JPEG has more scans than are decoded. The door has counted those of an upload whose bytes it has seen; of a direct upload it
 * sees the head and the tail alone. Anything that is no JPEG in order has as many scans as are found before its fault.
 */
export function hasTooManyScans(image: Buffer): boolean {
  if (image.length < 2 || image.readUInt16BE(0) !== SOI) return false;
  let scans = 0;
  for (let at = nextMarker(image, 2); at !== -1; at = nextMarker(image, at)) {
    const marker = image[at + 1];
    if (marker === EOI) break;
    if (marker === SOS && ++scans > MOST_JPEG_SCANS) return true;
    if (at + 4 > image.length) break;
    // Behind a scan's header come its data, which the next search passes over.
    at += 2 + image.readUInt16BE(at + 2);
  }
  return false;
}

/** Past data, stuffed zeros, restart markers and fill bytes. */
function nextMarker(image: Buffer, from: number): number {
  for (let at = image.indexOf(0xff, from); at !== -1; at = image.indexOf(0xff, at + 1)) {
    const code = image[at + 1];
    if (code !== undefined && code !== 0 && code !== 0xff && (code < 0xd0 || code > 0xd7)) return at;
  }
  return -1;
}
