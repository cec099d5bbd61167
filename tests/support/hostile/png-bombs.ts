import type { PngChunk } from '../image-bytes';
import { pngOf } from '../image-bytes';
import type { Kind } from './hostile-file';
import { blackPng, END, ihdr, inflatedBytes, SMALL, zeros } from './png-parts';

const MEGAPIXELS_50 = { width: 10_000, height: 5000 } as const;
/** EXIF with nothing but the orientation 6. */
const TURNED = Buffer.from('49492a00080000000100120103000100000006000000000000', 'hex');
const GIGABYTE = 2 ** 30;
const compressed = (type: string, before: string, bytes: number): PngChunk => ({
  type,
  data: Buffer.concat([Buffer.from(before, 'latin1'), zeros(bytes)]),
});

/** Small files that inflate to much. */
export const pngBombs: Kind = [
  {
    what: 'a PNG that says 2,147,483,647 in both directions',
    bytes: () => pngOf([ihdr({ width: 0x7fffffff, height: 0x7fffffff }), { type: 'IDAT', data: zeros(100) }, END]),
    expected: { refused: 'RESOLUTION_TOO_HIGH' },
  },
  {
    what: 'a PNG that says 4,294,967,295 in both directions',
    bytes: () => pngOf([ihdr({ width: 0xffffffff, height: 0xffffffff }), { type: 'IDAT', data: zeros(100) }, END]),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a PNG of 65,535 × 65,535 in 530 kB',
    bytes: () => blackPng({ width: 65_535, height: 65_535, depth: 1 }),
    expected: { refused: 'RESOLUTION_TOO_HIGH' },
  },
  {
    what: 'a PNG one line over 50 megapixels',
    bytes: () => blackPng({ ...MEGAPIXELS_50, height: 5001, depth: 1 }),
    expected: { refused: 'RESOLUTION_TOO_HIGH' },
  },
  {
    what: 'a PNG that is one line of 50 million pixels',
    bytes: () => blackPng({ width: 50_000_000, height: 1, depth: 1 }),
    expected: { refused: 'RESOLUTION_TOO_LOW' },
  },
  {
    what: 'a PNG of 50 megapixels in 7 kB',
    bytes: () => blackPng({ ...MEGAPIXELS_50, depth: 1 }),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'an interlaced PNG of 50 megapixels in four colours of 16 bits, which is decoded in memory',
    bytes: () => blackPng({ ...MEGAPIXELS_50, depth: 16, colour: 6, interlaced: true }),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG of 50 megapixels that is to be turned',
    bytes: () => blackPng({ ...MEGAPIXELS_50, colour: 2 }, { type: 'eXIf', data: TURNED }),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG of 11 MB',
    bytes: () => blackPng(SMALL, { type: 'prIv', data: Buffer.alloc(11 * 2 ** 20) }),
    expected: { refused: 'IMAGE_TOO_LARGE', direct: { start: 'IMAGE_TOO_LARGE' } },
  },
  {
    what: 'a PNG 65,535 pixels wide',
    bytes: () => blackPng({ width: 65_535, height: 762, colour: 2 }),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG that says 50 megapixels and has a hundredth',
    bytes: () => pngOf([ihdr({ ...MEGAPIXELS_50, colour: 2 }), { type: 'IDAT', data: zeros(1_500_000) }, END]),
    expected: { decoder: /./ },
  },
  {
    what: 'a PNG whose picture data inflate to a gigabyte more than it has pixels',
    bytes: () => pngOf([ihdr(SMALL), { type: 'IDAT', data: zeros(inflatedBytes(SMALL) + GIGABYTE) }, END]),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG with a text that inflates to a gigabyte',
    bytes: () => blackPng(SMALL, compressed('zTXt', 'Comment\0\0', GIGABYTE)),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG with an international text that inflates to a gigabyte',
    bytes: () => blackPng(SMALL, compressed('iTXt', 'XML:com.adobe.xmp\0\x01\0\0\0', GIGABYTE)),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG with a colour profile that inflates to a gigabyte',
    bytes: () => blackPng(SMALL, compressed('iCCP', 'profile\0\0', GIGABYTE)),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG with fifty thousand texts',
    bytes: () => blackPng(SMALL, ...Array<PngChunk>(50_000).fill({ type: 'tEXt', data: Buffer.from('Comment\0x') })),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PNG with a text of 8 MB',
    bytes: () => blackPng(SMALL, { type: 'tEXt', data: Buffer.alloc(8_000_000, 'x') }),
    expected: { decoder: 'harmless' },
  },
];
