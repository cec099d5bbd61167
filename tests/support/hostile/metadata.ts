import type { HostileFile, Kind } from './hostile-file';
import { flat, flatJpeg, segment, withSegments } from './jpeg-parts';
import { blackPng, SMALL } from './png-parts';

const APP1 = 0xe1;
const APP2 = 0xe2;

interface IfdEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly value: number;
}

const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const MAKER_NOTE = 0x927c;
const THUMBNAIL_OFFSET = 0x0201;
const THUMBNAIL_LENGTH = 0x0202;

/** A directory of TIFF: entries, and where the next one stands. @see TIFF 6.0, 2 */
function ifd(entries: readonly IfdEntry[], next = 0): Buffer {
  const bytes = Buffer.alloc(2 + 12 * entries.length + 4);
  bytes.writeUInt16LE(entries.length, 0);
  for (const [index, { tag, type, count, value }] of entries.entries()) {
    const at = 2 + 12 * index;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(count, at + 4);
    bytes.writeUInt32LE(value, at + 8);
  }
  bytes.writeUInt32LE(next, bytes.length - 4);
  return bytes;
}

const exif = (...directories: readonly Buffer[]): Buffer =>
  segment(APP1, Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from('49492a0008000000', 'hex'), ...directories]));

const short = (tag: number, value: number): IfdEntry => ({ tag, type: 3, count: 1, value });
const long = (tag: number, value: number): IfdEntry => ({ tag, type: 4, count: 1, value });

const withExif = (what: string, app1: () => Buffer): HostileFile => ({
  what,
  bytes: async () => withSegments(await flatJpeg(), app1()),
  expected: { decoder: 'harmless' },
});

/** A hundred directories, each inside the one before, the last inside the first. */
function nested(): Buffer {
  const size = ifd([long(EXIF_IFD, 0)]).length;
  return exif(...Array.from({ length: 100 }, (_, n) => ifd([long(EXIF_IFD, 8 + size * ((n + 1) % 100))])));
}

const icc = (sequence: number, count: number, bytes: Buffer): Buffer =>
  segment(APP2, Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.from([sequence, count]), bytes]));

/** The header of a profile for RGB that says it has so many bytes. */
function profile(bytes: number, says = bytes): Buffer {
  const made = Buffer.alloc(bytes);
  made.writeUInt32BE(says, 0);
  made.write('lcms', 4);
  made.writeUInt32BE(0x04400000, 8);
  made.write('mntrRGB XYZ ', 12);
  made.write('acsp', 36);
  made.writeUInt32BE(0xffffffff, 128); // so many tags
  return made;
}

const withIcc = (what: string, chunks: () => readonly Buffer[]): HostileFile => ({
  what,
  bytes: async () => withSegments(await flatJpeg(), ...chunks()),
  expected: { decoder: 'harmless' },
});

const PIECE = 65_000;

/** EXIF, XMP and colour profiles that lie. What they say is not believed; what they are is not kept in any variant. */
export const metadata: Kind = [
  withExif('EXIF whose directory follows itself', () => exif(ifd([short(ORIENTATION, 1)], 8))),
  withExif('EXIF of a hundred directories, each in the one before', nested),
  withExif('EXIF of 65,535 entries that are not there', () => exif(Buffer.from('ffff', 'hex'))),
  withExif('EXIF of five thousand entries of 4 GB each', () =>
    exif(ifd(Array.from({ length: 5000 }, (_, n) => ({ tag: n, type: 5, count: 0xffffffff, value: 8 })))),
  ),
  withExif('EXIF with a note of its maker that is the directory', () =>
    exif(ifd([{ tag: MAKER_NOTE, type: 7, count: 0xffff, value: 8 }])),
  ),
  withExif('EXIF with a thumbnail of 4 GB', () =>
    exif(ifd([], 14), ifd([long(THUMBNAIL_OFFSET, 40), long(THUMBNAIL_LENGTH, 0xfffffff0)])),
  ),
  withExif('EXIF with an orientation that there is not', () => exif(ifd([short(ORIENTATION, 9999)]))),
  withExif('EXIF with an orientation of no number', () =>
    exif(ifd([{ tag: ORIENTATION, type: 2, count: 4, value: 0x41414141 }])),
  ),
  withExif('EXIF with an orientation that turns it', () => exif(ifd([short(ORIENTATION, 6)]))),
  withExif('EXIF of an unknown order of bytes', () => segment(APP1, 'Exif\0\0XX*\0\x08\0\0\0')),
  withExif('EXIF that ends at once', () => segment(APP1, 'Exif\0\0')),
  {
    what: 'sixty segments of EXIF of 64 kB',
    bytes: async () =>
      withSegments(
        await flatJpeg(),
        ...Array<Buffer>(60).fill(segment(APP1, Buffer.concat([Buffer.from('Exif\0\0II*\0'), Buffer.alloc(65_000)]))),
      ),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'XMP of entities within entities',
    bytes: async () =>
      withSegments(
        await flatJpeg(),
        segment(
          APP1,
          `http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "${'&a;'.repeat(100)}"><!ENTITY c "${'&b;'.repeat(100)}">]><x>&c;</x>`,
        ),
      ),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'EXIF of a PNG whose directory follows itself',
    bytes: () =>
      blackPng(SMALL, {
        type: 'eXIf',
        data: Buffer.concat([Buffer.from('49492a0008000000', 'hex'), ifd([short(ORIENTATION, 8)], 8)]),
      }),
    expected: { decoder: 'harmless' },
  },
  withIcc('a colour profile of 8 MB', () =>
    Array.from({ length: 128 }, (_, n) => icc(n + 1, 128, n === 0 ? profile(PIECE, 128 * PIECE) : Buffer.alloc(PIECE))),
  ),
  withIcc('a colour profile that says 4 GB', () => [icc(1, 1, profile(3000, 0xffffffff))]),
  withIcc('a colour profile whose pieces are out of order', () => [
    icc(9, 2, profile(3000)),
    icc(0, 0, Buffer.alloc(300)),
    icc(2, 2, Buffer.alloc(300)),
  ]),
  withIcc('a colour profile of which a piece is missing', () => [
    icc(1, 3, profile(3000)),
    icc(3, 3, Buffer.alloc(300)),
  ]),
  withIcc('a colour profile of noise', () => [icc(1, 1, Buffer.alloc(3000, 0xa5))]),
  {
    what: 'a colour profile of a printer in a JPEG of RGB',
    bytes: () => flat().withIccProfile('cmyk', { attach: true }).jpeg().toBuffer(),
    expected: { decoder: 'harmless' },
  },
];
