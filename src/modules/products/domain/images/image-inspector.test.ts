import { beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { jpegOfScans } from '../../../../../tests/support/hostile/scans';
import {
  chunksOf,
  frameAt,
  pngOf,
  withApp1,
  withFillBytes,
  withRestartMarker,
} from '../../../../../tests/support/image-bytes';
import { cutAt } from '../../../../../tests/support/multipart';
import { photo, photoBy } from '../../../../../tests/support/photos';
import { isAppError } from '../../../../kernel/app-error';
import type { ImageFacts, ImageLimits } from './image-facts';
import { createImageInspector } from './image-inspector';

const LIMITS: ImageLimits = { minWidth: 800, minHeight: 600, maxPixels: 50_000_000 };
const ANY_SIZE: ImageLimits = { minWidth: 1, minHeight: 1, maxPixels: 50_000_000 };
const small = { width: 70, height: 50 };

function inspect(chunks: Iterable<Uint8Array>, limits = ANY_SIZE): ImageFacts {
  const inspector = createImageInspector(limits);
  for (const chunk of chunks) inspector.push(chunk);
  return inspector.finish();
}

function codeOf(bytes: Uint8Array, limits = ANY_SIZE): string {
  try {
    inspect([bytes], limits);
    return 'accepted';
  } catch (error) {
    return isAppError(error) ? error.code : `crashed: ${error}`;
  }
}

const jpegs: Record<string, () => Promise<Buffer>> = {
  baseline: () => photo(small),
  'progressive, many scans': () => photoBy((image) => image.jpeg({ progressive: true }), small),
  'without chroma subsampling': () => photoBy((image) => image.jpeg({ chromaSubsampling: '4:4:4' }), small),
  'mozjpeg, optimised': () => photoBy((image) => image.jpeg({ mozjpeg: true }), small),
  grey: () => photoBy((image) => image.toColourspace('b-w').jpeg(), small),
  CMYK: () => photoBy((image) => image.toColourspace('cmyk').jpeg(), small),
  'with EXIF and a thumbnail in it': async () => withApp1(await photo(small), await photo({ width: 16, height: 12 })),
  'with restart markers': async () => withRestartMarker(await photo(small)),
  'with fill bytes before its markers': async () => withFillBytes(await photo(small)),
};
const pngs: Record<string, () => Promise<Buffer>> = {
  'true colour': () => photo({ ...small, format: 'png' }),
  interlaced: () => photoBy((image) => image.png({ progressive: true }), small),
  palette: () => photoBy((image) => image.png({ palette: true, colours: 16 }), small),
  'with alpha': () => photoBy((image) => image.ensureAlpha().png(), small),
  '16 bits': () => photoBy((image) => image.toColourspace('rgb16').png(), small),
  'grey with metadata': () => photoBy((image) => image.toColourspace('b-w').withMetadata({ density: 72 }).png(), small),
};

describe.each([
  ['jpeg', jpegs],
  ['png', pngs],
] as const)('a %s', (format, kinds) => {
  describe.each(Object.keys(kinds))('%s', (kind) => {
    let bytes: Buffer;
    beforeAll(async () => {
      bytes = await (kinds[kind]?.() as Promise<Buffer>);
    });

    test('is told by its bytes, with its own size, however it is cut', () => {
      const facts = { format, contentType: `image/${format}`, extension: format === 'png' ? 'png' : 'jpg', ...small };
      expect(inspect([bytes])).toEqual(facts as ImageFacts);
      expect(inspect(cutAt(bytes, [...bytes.keys()]))).toEqual(facts as ImageFacts);
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (places) => {
          expect(inspect(cutAt(bytes, places))).toEqual(facts as ImageFacts);
        }),
        { numRuns: 50 },
      );
    });

    test('is told right when the sender uses its buffer again', () => {
      const inspector = createImageInspector(ANY_SIZE);
      const buffer = new Uint8Array(3);
      for (let at = 0; at < bytes.length; at += 3) {
        const piece = bytes.subarray(at, at + 3);
        buffer.set(piece);
        inspector.push(buffer.subarray(0, piece.length));
      }
      expect(inspector.finish()).toMatchObject(small);
    });

    test('cut off anywhere is an invalid image', () => {
      const some = [...bytes.keys()].filter(
        (length) => length < 700 || length > bytes.length - 50 || length % 97 === 0,
      );
      const codes = new Set(some.map((length) => codeOf(bytes.subarray(0, length))));
      expect([...codes]).toEqual(['INVALID_IMAGE']);
    });

    test('may be followed by what a camera appends', () => {
      expect(codeOf(Buffer.concat([bytes, Buffer.from('SEFT trailer'), bytes]))).toBe('accepted');
    });
  });
});

test('a PNG with any byte of its chunks flipped is an invalid image', async () => {
  for (const make of Object.values(pngs)) {
    const bytes = await make();
    fc.assert(
      fc.property(fc.integer({ min: 8, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ flip;
        expect(codeOf(flipped)).toBe('INVALID_IMAGE');
      }),
      { numRuns: 150 },
    );
  }
});

test('no bytes crash it, whatever stands after a right beginning', () => {
  const starts = ['', 'ffd8ff', 'ffd8ffe00010', '89504e470d0a1a0a', '89504e470d0a1a0a0000000d49484452'];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, tail) => {
      const code = codeOf(Buffer.concat([Buffer.from(start, 'hex'), tail]));
      expect(['INVALID_IMAGE', 'UNSUPPORTED_FORMAT', 'RESOLUTION_TOO_HIGH']).toContain(code);
    }),
    { numRuns: 500 },
  );
});

describe('what is refused', () => {
  test.each([
    ['GIF', Buffer.from('GIF89a........')],
    ['WebP', Buffer.from('RIFF....WEBPVP8 ')],
    ['text', Buffer.from('hello')],
    ['a PNG whose signature lost its line ends', Buffer.from('89504e470a1a0a', 'hex')],
  ])('%s is an unsupported format', (_what, bytes) => {
    expect(codeOf(bytes)).toBe('UNSUPPORTED_FORMAT');
  });

  test('an empty file is an invalid image', () => {
    expect(codeOf(Buffer.alloc(0))).toBe('INVALID_IMAGE');
  });

  test('too few pixels on either side, and too many in all, each with its numbers', async () => {
    const fitting = await photo({ width: 800, height: 600 });
    expect(codeOf(fitting, LIMITS)).toBe('accepted');
    expect(codeOf(await photo({ width: 799, height: 600 }), LIMITS)).toBe('RESOLUTION_TOO_LOW');
    expect(codeOf(await photo({ width: 800, height: 599, format: 'png' }), LIMITS)).toBe('RESOLUTION_TOO_LOW');
    expect(codeOf(fitting, { ...LIMITS, maxPixels: 479_999 })).toBe('RESOLUTION_TOO_HIGH');
    expect(() => inspect([fitting], { ...LIMITS, minWidth: 1000 })).toThrow(
      '800×600 pixels; it needs at least 1000×600',
    );
  });

  test('the size is judged as soon as the header is there, before the rest has come', async () => {
    const inspector = createImageInspector({ ...ANY_SIZE, maxPixels: 10 });
    const bytes = await photo(small);
    expect(() => inspector.push(bytes.subarray(0, 700))).toThrow('megapixels');
  });

  test.each([
    ['arithmetic coding', 'ffc9', 'UNSUPPORTED_FORMAT'],
    ['lossless coding', 'ffc3', 'UNSUPPORTED_FORMAT'],
  ])('a JPEG of %s', async (_what, marker, code) => {
    const bytes = Buffer.from(await photo(small));
    bytes.set(Buffer.from(marker, 'hex'), frameAt(bytes));
    expect(codeOf(bytes)).toBe(code);
  });

  test('a JPEG of 12 bits, of no height, without a frame, without a scan', async () => {
    const bytes = await photo(small);
    const frame = frameAt(bytes);
    const changed = (offset: number, values: number[]) => {
      const copy = Buffer.from(bytes);
      copy.set(values, frame + offset);
      return codeOf(copy);
    };
    expect(changed(4, [12])).toBe('UNSUPPORTED_FORMAT');
    expect(changed(5, [0, 0])).toBe('INVALID_IMAGE');
    expect(changed(1, [0xfe])).toBe('INVALID_IMAGE');
    expect(codeOf(Buffer.concat([bytes.subarray(0, frame), Buffer.from('ffd9', 'hex')]))).toBe('INVALID_IMAGE');
  });

  test('a JPEG of more scans than are decoded', () => {
    expect(codeOf(jpegOfScans(100, 80, 60))).toBe('accepted');
    expect(codeOf(jpegOfScans(101, 80, 60))).toBe('UNSUPPORTED_FORMAT');
  });

  test('a PNG without picture data, without its palette, with an unknown critical chunk', async () => {
    const palette = chunksOf(await (pngs.palette?.() as Promise<Buffer>));
    const without = (type: string) => pngOf(palette.filter((chunk) => chunk.type !== type));
    expect(codeOf(pngOf(palette))).toBe('accepted');
    for (const type of ['IHDR', 'PLTE', 'IDAT', 'IEND']) expect(codeOf(without(type))).toBe('INVALID_IMAGE');
    const [first, ...rest] = palette;
    expect(codeOf(pngOf([first!, { type: 'ABCD', data: Buffer.alloc(3) }, ...rest]))).toBe('INVALID_IMAGE');
    expect(codeOf(pngOf([first!, { type: 'abCd', data: Buffer.alloc(3) }, ...rest]))).toBe('accepted');
  });
});
