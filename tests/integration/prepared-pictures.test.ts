import { beforeAll, describe, expect, test } from 'bun:test';
import sharp, { type Sharp } from 'sharp';
import { makeVariants } from '../../src/modules/processing/infrastructure/prepare/make-variants';
import { segment, withSegments } from '../support/hostile/jpeg-parts';
import { jpegOfScans } from '../support/hostile/scans';
import { chunksOf, pngOf } from '../support/image-bytes';
import { photo, photoBy } from '../support/photos';

const EOI = Buffer.from('ffd9', 'hex');
const MOST_PIXELS = 50_000_000;

async function made(original: Buffer) {
  const result = await makeVariants(sharp, original, MOST_PIXELS);
  if (result.is === 'refused') throw new Error(`refused: ${result.why}`);
  return { thumb: result.variants.thumb.bytes, model: result.variants.model.bytes };
}

/** Red, green and blue at a place, from 0 to 1 in both directions. */
async function colourAt(image: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(y * (info.height - 1)) * info.width + Math.floor(x * (info.width - 1))) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

function expectColour(found: number[], wanted: number[], within = 12): void {
  expect(found.length).toBeGreaterThanOrEqual(wanted.length);
  for (const [index, value] of wanted.entries()) expect(Math.abs(found[index]! - value)).toBeLessThanOrEqual(within);
}

const plain = (background: string, width = 900, height = 700): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });

describe('variants', () => {
  test('carry no metadata: no place, no camera, no profile', async () => {
    const exif = {
      IFD0: { Make: 'Camera of tests', Copyright: 'Somebody' },
      IFD3: { GPSLatitude: '40/1 25/1 0/1', GPSLatitudeRef: 'N' },
    };
    const original = await photoBy((image) =>
      image
        .withExif(exif)
        .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">a secret place</x:xmpmeta>')
        .withIccProfile('p3')
        .jpeg(),
    );
    expect((await sharp(original).metadata()).exif?.includes('Camera of tests')).toBe(true);
    for (const variant of Object.values(await made(original))) {
      const metadata = await sharp(variant).metadata();
      for (const kind of ['exif', 'icc', 'xmp', 'iptc', 'comments'] as const)
        expect([kind, metadata[kind]]).toEqual([kind, undefined]);
      for (const trace of ['Camera', 'Somebody', 'secret', 'GPS', 'Exif']) expect(variant.includes(trace)).toBe(false);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'are upright where the camera was held as orientation %i',
    async (orientation) => {
      const upright = await plain('#fff')
        .composite([
          { input: { create: { width: 200, height: 100, channels: 3, background: '#f00' } }, left: 0, top: 0 },
        ])
        .png()
        .toBuffer();
      // what a camera stores that says "turn me so": the inverse of the turn
      const inverse = [0, 'flop', 180, 'flip', [90, 'flop'], 270, [270, 'flop'], 90][orientation - 1];
      let stored = sharp(upright);
      for (const step of [inverse].flat()) {
        const turned = typeof step === 'number' ? stored.rotate(step) : step === 'flop' ? stored.flop() : stored.flip();
        stored = sharp(await turned.png().toBuffer());
      }
      const original = await stored.withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
      expect((await sharp(original).metadata()).orientation).toBe(orientation);
      for (const variant of Object.values(await made(original))) {
        const { width, height } = await sharp(variant).metadata();
        expect(width! > height!).toBe(true);
        expectColour(await colourAt(variant, 0.05, 0.05), [254, 0, 0], 25);
        expectColour(await colourAt(variant, 0.95, 0.05), [255, 255, 255], 25);
        expectColour(await colourAt(variant, 0.05, 0.95), [255, 255, 255], 25);
      }
    },
  );

  test('of a transparent PNG: the thumb stays so, the model is on white', async () => {
    const background = { r: 200, g: 0, b: 0, alpha: 0 };
    const original = await sharp({ create: { width: 900, height: 700, channels: 4, background } })
      .png()
      .toBuffer();
    const { thumb, model } = await made(original);
    expect((await colourAt(thumb, 0.5, 0.5))[3]).toBe(0);
    expectColour(await colourAt(model, 0.5, 0.5), [255, 255, 255]);
    expect((await sharp(model).metadata()).channels).toBe(3);
  });

  test.each([
    ['a CMYK JPEG', () => plain('#c03020').toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 95 }), 'cmyk'],
    ['a PNG of 16 bits', () => plain('#c03020').toColourspace('rgb16').png(), 'rgb16'],
    ['a photo in Display P3', () => plain('#c03020').withIccProfile('p3').jpeg({ quality: 95 }), 'srgb'],
    ['a greyscale JPEG', () => plain('#808080').toColourspace('b-w').jpeg(), 'b-w'],
  ])('of %s are sRGB of 8 bits', async (_what, draw, space) => {
    const original = await draw().toBuffer();
    expect((await sharp(original).metadata()).space as string).toBe(space);
    for (const variant of Object.values(await made(original))) {
      const metadata = await sharp(variant).metadata();
      expect([metadata.space, metadata.depth]).toEqual(['srgb', 'uchar']);
      expectColour(await colourAt(variant, 0.5, 0.5), space === 'b-w' ? [128, 128, 128] : [192, 48, 32], 16);
    }
  });

  test('are never larger than the photo', async () => {
    const { thumb, model } = await made(await photo({ width: 200, height: 150 }));
    for (const variant of [thumb, model]) {
      const { width, height } = await sharp(variant).metadata();
      expect([width, height]).toEqual([200, 150]);
    }
  });
});

describe('the decoder', () => {
  let jpeg: Buffer;
  let progressive: Buffer;
  let png: Buffer;
  beforeAll(async () => {
    jpeg = await photo();
    progressive = await photoBy((image) => image.jpeg({ progressive: true }));
    png = await photo({ format: 'png' });
  });

  const refusal = async (bytes: Buffer, mostPixels = MOST_PIXELS) => {
    const result = await makeVariants(sharp, bytes, mostPixels);
    return result.is === 'refused' ? result.why : 'made';
  };
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);

  test('takes what cameras write behind the end, and between the lines', async () => {
    const oddities = [
      Buffer.concat([jpeg, Buffer.from('SEFT of some phone'.repeat(50))]),
      Buffer.concat([jpeg, jpeg]),
      Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(64), EOI]),
      Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(8, 0xff), EOI]),
      Buffer.concat([png, Buffer.alloc(100)]),
    ];
    for (const bytes of oddities) expect(await refusal(bytes)).toBe('made');
  });

  test.each([
    'unable to create thread',
    'vips__thread_run: unable to create thread: Resource temporarily unavailable',
    'error creating thread: Operation not permitted',
    'out of memory -- size == 11MB',
    'unable to open /tmp/vips-1.v: Too many open files',
    'write error: No space left on device',
  ])('gives no verdict on the image where the machine fails it: %s', async (said) => {
    const fails = { toBuffer: () => Promise.reject(new Error(said)) };
    const failing = (() => Object.assign(sharp(jpeg), fails)) as unknown as typeof sharp;
    await expect(makeVariants(failing, jpeg, MOST_PIXELS)).rejects.toThrow(said);
  });

  test('refuses what was cut off and given an end again, which no walk along the markers can tell', async () => {
    const cut = [
      Buffer.concat([half(jpeg), EOI]),
      Buffer.concat([jpeg.subarray(0, -200), EOI]),
      Buffer.concat([half(progressive), EOI]),
    ];
    for (const bytes of cut) expect(await refusal(bytes)).toMatch(/premature end/);
    const chunks = chunksOf(png);
    const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data));
    const others = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND');
    const short = pngOf([...others, { type: 'IDAT', data: half(data) }, { type: 'IEND', data: Buffer.alloc(0) }]);
    expect(await refusal(short)).toMatch(/read error/);
  });

  test('refuses more scans than are decoded, wherever they stand, and counts none that is inside a segment', async () => {
    expect(await refusal(jpegOfScans(100, 800, 600))).toBe('made');
    expect(await refusal(jpegOfScans(101, 800, 600))).toBe('it comes in more than 100 scans');
    const withOneInside = withSegments(jpeg, segment(0xe4, Buffer.from('ffda'.repeat(200), 'hex')));
    expect(await refusal(withOneInside)).toBe('made');
    expect(await refusal(Buffer.concat([jpeg, jpegOfScans(200, 800, 600)]))).toBe('made');
    for (const odd of ['ff', 'ffd8', 'ffd8ff', 'ffd8ffda', 'ffd8ffda0000']) {
      expect(await refusal(Buffer.from(odd, 'hex'))).not.toBe('made');
    }
  });

  test('refuses what is no image, and more pixels than are allowed', async () => {
    expect(await refusal(Buffer.alloc(5000, 3))).toMatch(/unsupported image format/);
    expect(await refusal(jpeg, 1000)).toMatch(/pixel limit/);
  });
});
