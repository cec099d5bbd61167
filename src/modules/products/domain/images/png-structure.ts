import { damaged, type PixelSize } from './image-faults';
import { PartsBudget } from './parts-budget';
import { pass, type Steps, take } from './structure-walk';

export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const MAX_LENGTH = 0x7fffffff;
const CRITICAL = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND']);
/** Bit depths that each colour type may have. @see PNG specification, table 11.1 */
const BIT_DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
const PALETTE_COLOUR = 3;

interface Header extends PixelSize {
  readonly colourType: number;
}

/**
 * Walks a PNG from its signature to IEND, checking the CRC of every chunk.
 * @param judge called with the size once the header's own CRC is right; what it throws ends the walk
 * @throws AppError INVALID_IMAGE, UNSUPPORTED_FORMAT
 * @see https://www.w3.org/TR/png-3/ sections 5 and 11
 */
export function* pngStructure(judge: (size: PixelSize) => void): Steps<PixelSize> {
  yield* take(PNG_SIGNATURE.length);
  const header = yield* headerChunk();
  judge(header);
  const order = new ChunkOrder(header.colourType);
  const budget = new PartsBudget();
  for (;;) {
    const { length, type, crc } = yield* chunkStart();
    budget.spend(length);
    order.check(type, length);
    yield* chunkRest(length, crc);
    if (type === 'IEND') return header;
  }
}

function* headerChunk(): Steps<Header> {
  const { length, type, crc } = yield* chunkStart();
  if (type !== 'IHDR' || length !== 13) throw damaged('it does not begin with its size.');
  const data = Buffer.from(yield* take(length));
  yield* checkCrc(Bun.hash.crc32(data, crc));
  return readHeader(data);
}

function readHeader(data: Buffer): Header {
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [bitDepth, colourType, compression, filter, interlace] = data.subarray(8);
  if (width === 0 || height === 0 || width > MAX_LENGTH || height > MAX_LENGTH)
    throw damaged('its size is impossible.');
  const known = colourType !== undefined && BIT_DEPTHS[colourType]?.includes(bitDepth ?? 0);
  if (!known || compression !== 0 || filter !== 0 || (interlace ?? 2) > 1) throw damaged('its kind of PNG is unknown.');
  return { width, height, colourType };
}

/** `crc` is the checksum so far: it covers the type and the data. */
function* chunkStart(): Steps<{ length: number; type: string; crc: number }> {
  const start = yield* take(8);
  const length = start.readUInt32BE(0);
  const type = start.toString('latin1', 4, 8);
  if (length > MAX_LENGTH || !/^[A-Za-z]{4}$/.test(type))
    throw damaged('something else stands where a PNG chunk should be.');
  return { length, type, crc: Bun.hash.crc32(start.subarray(4, 8)) };
}

function* chunkRest(length: number, crcOfType: number): Steps<void> {
  let crc = crcOfType;
  yield* pass(length, (bytes) => {
    crc = Bun.hash.crc32(bytes, crc);
  });
  yield* checkCrc(crc);
}

function* checkCrc(crc: number): Steps<void> {
  if ((yield* take(4)).readUInt32BE() !== crc) throw damaged('a checksum inside it does not match.');
}

/** What decoders insist on: one header, a palette where one is needed, all picture data in one run, nothing unknown that is critical. */
class ChunkOrder {
  #palette = false;
  #data: 'none yet' | 'running' | 'over' = 'none yet';

  constructor(private readonly colourType: number) {}

  check(type: string, length: number): void {
    if (type === 'IDAT') this.#picture();
    else if (this.#data === 'running') this.#data = 'over';
    if (type === 'IHDR') throw damaged('it names its size twice.');
    if (type === 'PLTE') this.#paletteOf(length);
    if (type === 'IEND' && (length !== 0 || this.#data === 'none yet')) throw damaged('it contains no picture.');
    const critical = /^[A-Z]/.test(type);
    if (critical && !CRITICAL.has(type)) throw damaged('it contains an unknown critical PNG chunk.');
  }

  #picture(): void {
    if (this.#data === 'over') throw damaged('its picture data are torn apart.');
    if (this.colourType === PALETTE_COLOUR && !this.#palette) throw damaged('its palette is missing.');
    this.#data = 'running';
  }

  #paletteOf(length: number): void {
    const misplaced = this.#palette || this.#data !== 'none yet' || this.colourType === 0 || this.colourType === 4;
    if (misplaced || length === 0 || length % 3 !== 0 || length > 768) throw damaged('its palette cannot be read.');
    this.#palette = true;
  }
}
