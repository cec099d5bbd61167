import { deflateSync } from 'node:zlib';
import { chunksOf, type PngChunk, pngOf } from '../image-bytes';
import { photoBy } from '../photos';
import type { HostileFile, Kind } from './hostile-file';
import { flat } from './jpeg-parts';
import { blackPng, END, ihdr, inflatedBytes, SMALL, zeros } from './png-parts';

const data = (bytes: Buffer): PngChunk => ({ type: 'IDAT', data: bytes });
const picture = data(zeros(inflatedBytes(SMALL)));
const of = (what: string, chunks: () => readonly PngChunk[], expected: HostileFile['expected']): HostileFile => ({
  what,
  bytes: () => pngOf(chunks()),
  expected,
});

/** Of what the last byte of the last picture chunk's checksum was turned. */
async function withWrongChecksum(): Promise<Buffer> {
  const png = Buffer.from(await flat().png().toBuffer());
  const at = png.indexOf('IEND') - 5;
  png.writeUInt8(png.readUInt8(at) ^ 1, at);
  return png;
}

/** An animated PNG: the picture is its first frame, a second one follows. */
async function apng(): Promise<Buffer> {
  const still = chunksOf(await flat(800, 600, '#0f0').png().toBuffer());
  const frame = still.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data);
  const control = (sequence: number): PngChunk => {
    const bytes = Buffer.alloc(26);
    bytes.writeUInt32BE(sequence, 0);
    bytes.writeUInt32BE(800, 4);
    bytes.writeUInt32BE(600, 8);
    return { type: 'fcTL', data: bytes };
  };
  const animation: PngChunk = { type: 'acTL', data: Buffer.from('0000000200000000', 'hex') };
  const second: PngChunk = { type: 'fdAT', data: Buffer.concat([Buffer.from('00000002', 'hex'), ...frame]) };
  const [header, ...rest] = still;
  return pngOf([header!, animation, control(0), ...rest.slice(0, -1), control(1), second, END]);
}

const INVALID = { refused: 'INVALID_IMAGE' } as const;
const HARMLESS = { decoder: 'harmless' } as const;

/** PNGs of rare kinds, and such that break the rules of their chunks. */
export const oddPngs: Kind = [
  { what: 'a PNG of 16 bits', bytes: () => flat().toColourspace('rgb16').png().toBuffer(), expected: HARMLESS },
  {
    what: 'an interlaced PNG',
    bytes: () => photoBy((image) => image.png({ progressive: true }), SMALL),
    expected: HARMLESS,
  },
  {
    what: 'an interlaced PNG of 16 bits with alpha',
    bytes: () => flat().ensureAlpha().toColourspace('rgb16').png({ progressive: true }).toBuffer(),
    expected: HARMLESS,
  },
  { what: 'a PNG of 1 bit', bytes: () => blackPng({ ...SMALL, depth: 1 }), expected: HARMLESS },
  { what: 'a PNG that moves', bytes: apng, expected: HARMLESS },
  { what: 'a PNG with a wrong checksum', bytes: withWrongChecksum, expected: INVALID },
  of('a PNG without picture data', () => [ihdr(SMALL), END], INVALID),
  of('a PNG whose picture data come behind its end', () => [ihdr(SMALL), END, picture], INVALID),
  of(
    'a PNG whose picture data are torn apart',
    () => [ihdr(SMALL), picture, { type: 'tEXt', data: Buffer.from('a\0b') }, picture, END],
    INVALID,
  ),
  of('a PNG whose picture data are empty', () => [ihdr(SMALL), data(Buffer.alloc(0)), END], { decoder: /./ }),
  of('a PNG whose picture data are no zlib stream', () => [ihdr(SMALL), data(Buffer.alloc(5000, 7)), END], {
    decoder: /./,
  }),
  of(
    'a PNG whose zlib stream has a wrong checksum',
    () => [ihdr(SMALL), data(Buffer.concat([picture.data.subarray(0, -4), Buffer.alloc(4, 9)])), END],
    { decoder: /read error/ },
  ),
  of(
    'a PNG whose lines have unknown filters',
    () => [ihdr(SMALL), data(deflateSync(Buffer.alloc(inflatedBytes(SMALL), 200))), END],
    { decoder: /./ },
  ),
  of('a PNG with palette colours and no palette', () => [ihdr({ ...SMALL, colour: 3 }), picture, END], INVALID),
  of(
    'a PNG with colours beyond its palette',
    () => [
      ihdr({ ...SMALL, colour: 3 }),
      { type: 'PLTE', data: Buffer.from('ff0000', 'hex') },
      data(
        deflateSync(Buffer.concat(Array<Buffer>(600).fill(Buffer.concat([Buffer.from([0]), Buffer.alloc(800, 250)])))),
      ),
      END,
    ],
    HARMLESS,
  ),
  of(
    'a PNG with a palette of 257 colours',
    () => [ihdr({ ...SMALL, colour: 3 }), { type: 'PLTE', data: Buffer.alloc(771) }, picture, END],
    INVALID,
  ),
  of(
    'a PNG with a palette behind its picture data',
    () => [ihdr({ ...SMALL, colour: 3 }), picture, { type: 'PLTE', data: Buffer.alloc(3) }, END],
    INVALID,
  ),
  of(
    'a PNG of a depth that its colours cannot have',
    () => [ihdr({ ...SMALL, colour: 2, depth: 4 }), picture, END],
    INVALID,
  ),
  of('a PNG of no width', () => [ihdr({ width: 0, height: 600 }), picture, END], INVALID),
  of('a PNG with two headers', () => [ihdr(SMALL), ihdr({ width: 60_000, height: 60_000 }), picture, END], INVALID),
  of('a PNG that does not begin with its header', () => [picture, ihdr(SMALL), END], INVALID),
  of(
    'a PNG with an unknown critical chunk',
    () => [ihdr(SMALL), { type: 'EVIL', data: Buffer.alloc(9) }, picture, END],
    INVALID,
  ),
  of(
    'a PNG with an unknown chunk that is not critical',
    () => [ihdr(SMALL), { type: 'evIl', data: Buffer.alloc(9) }, picture, END],
    HARMLESS,
  ),
  of(
    'a PNG with a chunk whose name is no name',
    () => [ihdr(SMALL), { type: 'a\0b/', data: Buffer.alloc(9) }, picture, END],
    INVALID,
  ),
  of(
    'a PNG whose end is not empty',
    () => [ihdr(SMALL), picture, { type: 'IEND', data: Buffer.from('more') }],
    INVALID,
  ),
  {
    what: 'a PNG with a chunk of 2 GB that is not there',
    bytes: () => Buffer.concat([pngOf([ihdr(SMALL)]), Buffer.from('7fffffff49444154', 'hex'), Buffer.alloc(100)]),
    expected: INVALID,
  },
  {
    what: 'a PNG with a chunk of 4 GB',
    bytes: () => Buffer.concat([pngOf([ihdr(SMALL)]), Buffer.from('ffffffff49444154', 'hex'), Buffer.alloc(100)]),
    expected: INVALID,
  },
];
