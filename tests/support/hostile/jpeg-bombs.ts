import type { Kind } from './hostile-file';
import { EOI, flat, flatJpeg, resized, segment, withSegments } from './jpeg-parts';
import { jpegOfScans } from './scans';

const progressive = (width?: number, height?: number) => flat(width, height).jpeg({ progressive: true }).toBuffer();
/** The last scan again and again: the same lines of the picture, each time. */
async function baselineOfScans(times: number): Promise<Buffer> {
  const jpeg = await flatJpeg();
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from('ffda', 'hex')), -2);
  return Buffer.concat([jpeg.subarray(0, -2), ...Array<Buffer>(times - 1).fill(scan), EOI]);
}

const MOST_OF_A_SEGMENT = 65_533;

/** Small files that ask for much memory or time. */
export const jpegBombs: Kind = [
  {
    what: 'a JPEG that says 65,535 × 65,535',
    bytes: async () => resized(await flatJpeg(), 65_535, 65_535),
    expected: { refused: 'RESOLUTION_TOO_HIGH' },
  },
  {
    what: 'a JPEG that says one line more than 50 megapixels',
    bytes: async () => resized(await flatJpeg(), 10_000, 5001),
    expected: { refused: 'RESOLUTION_TOO_HIGH' },
  },
  {
    what: 'a JPEG that says 50 megapixels exactly and has a hundredth',
    bytes: async () => resized(await flatJpeg(), 10_000, 5000),
    expected: { decoder: /premature end/i },
  },
  {
    what: 'a progressive JPEG that says 50 megapixels and has a hundredth',
    bytes: async () => resized(await progressive(), 10_000, 5000),
    expected: { decoder: /premature end/i },
  },
  {
    what: 'a JPEG that says 65,535 × 600, which no decoder takes',
    bytes: async () => resized(await flatJpeg(), 65_535, 600),
    expected: { decoder: /dimension/i },
  },
  { what: 'a JPEG 65,500 pixels wide', bytes: () => jpegOfScans(4, 65_500, 600), expected: { decoder: 'harmless' } },
  { what: 'a JPEG 62,500 pixels high', bytes: () => jpegOfScans(4, 800, 62_500), expected: { decoder: 'harmless' } },
  {
    what: 'a JPEG that says 65,535 × 1',
    bytes: async () => resized(await flatJpeg(), 65_535, 1),
    expected: { refused: 'RESOLUTION_TOO_LOW' },
  },
  {
    what: 'a progressive JPEG of 50 megapixels, which is decoded in memory',
    bytes: () => jpegOfScans(4, 10_000, 5000),
    expected: { decoder: 'harmless' },
  },
  { what: 'a JPEG of a hundred scans', bytes: () => jpegOfScans(100, 800, 600), expected: { decoder: 'harmless' } },
  {
    what: 'a JPEG of a hundred and one scans',
    bytes: () => jpegOfScans(101, 800, 600),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a JPEG of 48 megapixels and a thousand scans',
    bytes: () => jpegOfScans(1000, 8000, 6000),
    expected: { refused: 'UNSUPPORTED_FORMAT', direct: { decoder: /more than 100 scans/ } },
  },
  {
    what: 'a baseline JPEG of a thousand scans',
    bytes: () => baselineOfScans(1000),
    expected: { refused: 'UNSUPPORTED_FORMAT', direct: { decoder: /more than 100 scans/ } },
  },
  {
    what: 'a JPEG with ten thousand comments',
    bytes: async () => withSegments(await flatJpeg(), ...Array<Buffer>(10_000).fill(segment(0xfe, 'x'.repeat(20)))),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a JPEG with 8 MB of metadata',
    bytes: async () =>
      withSegments(await flatJpeg(), ...Array<Buffer>(128).fill(segment(0xe4, Buffer.alloc(MOST_OF_A_SEGMENT)))),
    expected: { decoder: 'harmless' },
  },
];
