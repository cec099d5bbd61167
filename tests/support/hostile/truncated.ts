import { photoBy } from '../photos';
import type { HostileFile, Kind } from './hostile-file';
import { EOI, flat, flatJpeg } from './jpeg-parts';

/** Where a file is cut off, as a share of its length. */
const AT = [0.0001, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999];

const cut = (bytes: Buffer, share: number): Buffer =>
  bytes.subarray(0, Math.min(Math.max(3, Math.floor(bytes.length * share)), bytes.length - 1));

const KINDS: readonly (readonly [name: string, make: () => Promise<Buffer>])[] = [
  ['a JPEG', () => photoBy((image) => image.jpeg({ quality: 60 }), { width: 800, height: 600 })],
  [
    'a progressive JPEG',
    () => photoBy((image) => image.jpeg({ quality: 60, progressive: true }), { width: 800, height: 600 }),
  ],
  ['a PNG', () => photoBy((image) => image.png(), { width: 800, height: 600 })],
];

const everywhere = KINDS.flatMap(([name, make]) =>
  AT.map(
    (share): HostileFile => ({
      what: `${name} cut off at ${share * 100} %`,
      bytes: async () => cut(await make(), share),
      expected: { refused: 'INVALID_IMAGE' },
    }),
  ),
);

/** Files that end too early: at many points, and with an end put behind it. */
export const truncated: Kind = [
  ...everywhere,
  {
    what: 'a JPEG cut off in the middle and given an end again',
    bytes: async () => {
      const jpeg = await KINDS[0]![1]();
      return Buffer.concat([jpeg.subarray(0, jpeg.length >> 1), EOI]);
    },
    expected: { decoder: /premature end/i },
  },
  {
    what: 'no byte at all',
    bytes: () => Buffer.alloc(0),
    expected: { refused: 'INVALID_IMAGE', direct: { start: 'VALIDATION_FAILED' } },
  },
  { what: 'one byte of a JPEG', bytes: () => Buffer.from([0xff]), expected: { refused: 'INVALID_IMAGE' } },
  { what: 'one byte of anything', bytes: () => Buffer.from('A'), expected: { refused: 'UNSUPPORTED_FORMAT' } },
  {
    what: 'a JPEG without its last byte',
    bytes: async () => (await flatJpeg()).subarray(0, -1),
    expected: { refused: 'INVALID_IMAGE' },
  },
  {
    what: 'a PNG without its last byte',
    bytes: async () => (await flat().png().toBuffer()).subarray(0, -1),
    expected: { refused: 'INVALID_IMAGE' },
  },
];
