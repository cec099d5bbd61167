import { MOST_JPEG_SCANS } from '../../../../kernel/jpeg-scans';
import { damaged, type PixelSize, unsupported } from './image-faults';
import { PartsBudget } from './parts-budget';
import { pass, type Scan, type Steps, scanFor, take } from './structure-walk';

// ITU-T T.81, table B.1. RST and TEM stand alone, all others but SOI and EOI carry a length.
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;
/** Baseline, extended and progressive, all Huffman: what browsers and libjpeg decode. */
const USABLE_FRAMES = new Set([0xc0, 0xc1, 0xc2]);
/** Lossless, differential, arithmetic and hierarchical: JPEGs by the standard, but hardly anything opens them. */
const RARE_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xde, 0xdf]);
const FIRST_ASSIGNED = 0xc0;
const PRECISION_AND_SIZE_BYTES = 6;

/**
 * Walks a JPEG from SOI to EOI, segment by segment, so that thumbnails inside APPn are passed over with their segment.
 * @param judge called with the size as soon as the frame header is read; what it throws ends the walk
 * @throws AppError INVALID_IMAGE, UNSUPPORTED_FORMAT
 * @see ITU-T T.81 (JPEG), annex B
 */
export function* jpegStructure(judge: (size: PixelSize) => void): Steps<PixelSize> {
  let size: PixelSize | null = null;
  let scans = 0;
  const budget = new PartsBudget();
  yield* take(2);
  let marker = yield* nextMarker();
  while (marker !== EOI) {
    if (marker === SOS && size === null) throw damaged('its picture data come before its size.');
    if (RARE_FRAMES.has(marker)) throw unsupported('This kind of JPEG (lossless or arithmetic) cannot be used.');
    if (USABLE_FRAMES.has(marker)) {
      if (size !== null) throw damaged('it names its size twice.');
      size = yield* frameHeader();
      judge(size);
    } else {
      budget.spend(yield* segment(marker));
    }
    if (marker === SOS && ++scans > MOST_JPEG_SCANS) throw tooManyScans();
    marker = marker === SOS ? yield* scanFor(endOfEntropyData()) : yield* nextMarker();
  }
  if (size === null || scans === 0) throw damaged('it contains no picture.');
  return size;
}

function tooManyScans() {
  return unsupported(`A JPEG that comes in more than ${MOST_JPEG_SCANS} scans cannot be used.`);
}

function* nextMarker(): Steps<number> {
  if ((yield* take(1)).readUInt8() !== 0xff) throw damaged('something else stands where a JPEG marker should be.');
  return yield* scanFor(behindFill);
}

/** Any number of fill bytes may stand before the code of a marker. */
const behindFill: Scan = (bytes, from) => {
  let at = from;
  while (bytes[at] === 0xff) at += 1;
  const code = bytes[at];
  return code === undefined ? { next: at, found: null } : { next: at + 1, found: code };
};

function* frameHeader(): Steps<PixelSize> {
  const length = yield* segmentLength();
  if (length < PRECISION_AND_SIZE_BYTES) throw damaged('its size cannot be read.');
  const header = yield* take(PRECISION_AND_SIZE_BYTES);
  const size = { width: header.readUInt16BE(3), height: header.readUInt16BE(1) };
  const precision = header.readUInt8(0);
  const components = header.readUInt8(5);
  // A height of 0 would be told after the first scan (DNL), which no camera does and no decoder we know accepts.
  if (size.width === 0 || size.height === 0) throw damaged('it has no width or height.');
  if (components === 0 || length !== PRECISION_AND_SIZE_BYTES + 3 * components)
    throw damaged('its size cannot be read.');
  yield* pass(3 * components);
  if (precision !== 8) throw unsupported(`A JPEG of ${precision} bits per colour cannot be used.`);
  return size;
}

/** @returns its bytes behind the marker */
function* segment(marker: number): Steps<number> {
  if (marker === TEM || (marker >= 0xd0 && marker <= 0xd7)) return 0;
  if (marker === SOI || marker < FIRST_ASSIGNED) throw damaged('it contains an unknown JPEG marker.');
  const length = yield* segmentLength();
  yield* pass(length);
  return length;
}

/** Bytes that follow the length itself. */
function* segmentLength(): Steps<number> {
  const length = (yield* take(2)).readUInt16BE();
  if (length < 2) throw damaged('a part of it has an impossible length.');
  return length - 2;
}

/** Finds the code of the marker that ends entropy-coded data; stuffed zeros, restarts and fill bytes belong to the data. */
function endOfEntropyData(): Scan {
  let afterFF = false;
  return (bytes, from) => {
    let at = from;
    while (at < bytes.length) {
      if (!afterFF) {
        // Native search: this loop turns once per FF of the file, not once per byte. Where the next one is here already it costs more.
        if (bytes[at] !== 0xff) at = bytes.indexOf(0xff, at);
        if (at === -1) break;
        at += 1;
        afterFF = true;
        continue;
      }
      const code = bytes[at++] ?? 0;
      if (code === 0xff) continue;
      afterFF = false;
      if (code !== 0 && (code < 0xd0 || code > 0xd7)) return { next: at, found: code };
    }
    return { next: bytes.length, found: null };
  };
}
