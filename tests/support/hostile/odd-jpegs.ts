import { photoBy } from '../photos';
import type { Kind } from './hostile-file';
import { EOI, flat, flatJpeg, reframed, resized, SOI, segment, withSegments } from './jpeg-parts';

const cmyk = () => flat().toColourspace('cmyk').jpeg().toBuffer();

/** Says of four colours that they are YCCK: the transform of Adobe's segment. */
async function ycck(): Promise<Buffer> {
  const jpeg = Buffer.from(await cmyk());
  const adobe = jpeg.indexOf('Adobe');
  if (adobe === -1) return withSegments(jpeg, segment(0xee, Buffer.from('41646f62650064000000000002', 'hex')));
  jpeg.writeUInt8(2, adobe + 11);
  return jpeg;
}

/** With noise, so that there is picture data to break. */
const noisy = () => photoBy((image) => image.jpeg({ quality: 20 }), { width: 800, height: 600 });
const inTheData = async (garbage: string) => {
  const jpeg = await noisy();
  const middle = jpeg.length >> 1;
  return Buffer.concat([jpeg.subarray(0, middle), Buffer.from(garbage, 'hex'), jpeg.subarray(middle)]);
};
const withoutTables = async (marker: number) => {
  const jpeg = Buffer.from(await flatJpeg());
  for (let at = 2; jpeg.readUInt8(at + 1) !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg.readUInt8(at + 1) === marker) jpeg.writeUInt8(0xfe, at + 1); // a comment from now on
  }
  return jpeg;
};

/** JPEGs of kinds that cameras do not make, and such that contradict themselves. */
export const oddJpegs: Kind = [
  { what: 'a CMYK JPEG', bytes: cmyk, expected: { decoder: 'harmless' } },
  { what: 'a YCCK JPEG', bytes: ycck, expected: { decoder: 'harmless' } },
  {
    what: 'a progressive JPEG',
    bytes: () => flat().jpeg({ progressive: true }).toBuffer(),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a lossless JPEG',
    bytes: async () => reframed(await flatJpeg(), 1, 0xc3),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'an arithmetic JPEG',
    bytes: async () => reframed(await flatJpeg(), 1, 0xc9),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'an arithmetic progressive JPEG',
    bytes: async () => reframed(await flatJpeg(), 1, 0xca),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a hierarchical JPEG',
    bytes: async () => reframed(await flatJpeg(), 1, 0xc5),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  { what: 'a JPEG-LS', bytes: async () => reframed(await flatJpeg(), 1, 0xf7), expected: { refused: 'INVALID_IMAGE' } },
  {
    what: 'a JPEG of 12 bits',
    bytes: async () => reframed(await flatJpeg(), 4, 12),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a JPEG of no bits',
    bytes: async () => reframed(await flatJpeg(), 4, 0),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a JPEG of no height',
    bytes: async () => resized(await flatJpeg(), 800, 0),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG of no width',
    bytes: async () => resized(await flatJpeg(), 0, 600),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG whose height is told behind its data',
    bytes: async () =>
      Buffer.concat([
        resized(await flatJpeg(), 800, 0).subarray(0, -2),
        segment(0xdc, Buffer.from('0258', 'hex')),
        EOI,
      ]),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG that tells another height behind its data',
    bytes: async () =>
      Buffer.concat([(await flatJpeg()).subarray(0, -2), segment(0xdc, Buffer.from('ffff', 'hex')), EOI]),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a JPEG of 255 components',
    bytes: async () => reframed(await flatJpeg(), 9, 255),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG sampled 15 × 15',
    bytes: async () => reframed(await flatJpeg(), 11, 0xff),
    expected: { decoder: /./ },
  },
  { what: 'a JPEG sampled 0 × 0', bytes: async () => reframed(await flatJpeg(), 11, 0), expected: { decoder: /./ } },
  {
    what: 'a JPEG whose progressive frame holds baseline data',
    bytes: async () => reframed(await flatJpeg(), 1, 0xc2),
    expected: { decoder: /./ },
  },
  {
    what: 'a JPEG with two frames',
    bytes: async () => {
      const jpeg = await flatJpeg();
      return Buffer.concat([jpeg.subarray(0, -2), jpeg.subarray(2)]);
    },
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG of nothing but its two ends',
    bytes: () => Buffer.concat([SOI, EOI]),
    expected: { refused: 'INVALID_IMAGE' },
  },
  { what: 'a JPEG without its Huffman tables', bytes: () => withoutTables(0xc4), expected: { decoder: /./ } },
  { what: 'a JPEG without its quantization tables', bytes: () => withoutTables(0xdb), expected: { decoder: /./ } },
  {
    what: 'a JPEG with a segment of an impossible length',
    bytes: async () => Buffer.concat([SOI, Buffer.from('ffe10001', 'hex'), (await flatJpeg()).subarray(2)]),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG with a segment longer than the file',
    bytes: async () => Buffer.concat([SOI, Buffer.from('ffe1ffff', 'hex'), (await flatJpeg()).subarray(2)]),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG with restart markers strewn in',
    bytes: () => inTheData('ffd0ffd7ffd3ffd3'.repeat(50)),
    expected: { decoder: /premature end/i },
  },
  {
    what: 'a JPEG with fill bytes and a stuffed zero in its data',
    bytes: () => inTheData(`${'ff'.repeat(100)}00`),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a JPEG with unknown markers in its data',
    bytes: () => inTheData('ff02ff03'),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a JPEG with noise in its data',
    bytes: () => inTheData('00112233445566778899aabbccddee'.repeat(40)),
    expected: { decoder: 'harmless' },
  },
  { what: 'a JPEG with an end in the middle of its data', bytes: () => inTheData('ffd9'), expected: { decoder: /./ } },
];
