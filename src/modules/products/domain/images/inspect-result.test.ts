import { describe, expect, test } from 'bun:test';
import { photo, photoBy } from '../../../../../tests/support/photos';
import { inspectResult } from './inspect-result';

const LIMITS = { maxPixels: 50_000_000 };

const lossy = await photoBy((image) => image.webp({ quality: 90 }));
const lossless = await photoBy((image) => image.webp({ lossless: true }));
const profiled = await photoBy((image) => image.withIccProfile('p3').webp());
const transparent = await photoBy((image) => image.ensureAlpha(0.5).webp());
/** The verdict, and how many bytes of the file it took. */
async function judged(file: Buffer, limits = LIMITS): Promise<{ verdict: unknown; bytes: number }> {
  let bytes = 0;
  const verdict = await inspectResult(limits, file.length, async ({ start, end }) => {
    expect(start).toBeWithin(0, end + 1);
    expect(end).toBeLessThan(file.length);
    bytes += end - start + 1;
    return file.subarray(start, end + 1);
  }).catch((error) => error.code);
  return { verdict, bytes };
}

describe('a WebP', () => {
  test.each([
    ['lossy', lossy],
    ['lossless', lossless],
    ['with a colour profile', profiled],
    ['with transparency', transparent],
  ])('%s is known by its size and type, and hardly any of it is read', async (_, file) => {
    const { verdict, bytes } = await judged(file);
    expect(verdict).toEqual({ contentType: 'image/webp', width: 900, height: 700 });
    expect(bytes).toBeLessThan(5000);
  });

  test.each([
    ['lossy', lossy],
    ['lossless', lossless],
    ['with transparency', transparent],
  ])('%s that is cut off anywhere is refused', async (_, file) => {
    for (const length of [20, 31, Math.floor(file.length / 2), file.length - 2]) {
      expect(['INVALID_IMAGE', 'UNSUPPORTED_FORMAT']).toContain(
        (await judged(file.subarray(0, length))).verdict as string,
      );
    }
  });

  test('whose picture is longer than the file says it is is refused', async () => {
    const file = Buffer.from(lossy);
    file.writeUInt32LE(lossy.length, 16);
    expect((await judged(file)).verdict).toBe('INVALID_IMAGE');
  });

  test('without a picture is refused', async () => {
    const empty = Buffer.concat([Buffer.from('RIFF\x00\x00\x00\x00WEBP'), Buffer.alloc(100)]);
    empty.writeUInt32LE(empty.length - 8, 4);
    expect((await judged(empty)).verdict).toBe('INVALID_IMAGE');
    const broken = Buffer.from(lossy);
    broken[23] = 0; // of the start code
    expect((await judged(broken)).verdict).toBe('INVALID_IMAGE');
  });

  test('with more pixels than allowed is refused', async () => {
    expect((await judged(lossy, { maxPixels: 1000 })).verdict).toBe('RESOLUTION_TOO_HIGH');
  });

  test('that is animated is refused', async () => {
    const animated = Buffer.from(profiled);
    animated[20] = (animated[20] ?? 0) | 0x02;
    expect((await judged(animated)).verdict).toBe('UNSUPPORTED_FORMAT');
  });
});

test('a JPEG and a PNG are taken however small, and judged as an upload is', async () => {
  const small = await photoBy((image) => image.resize(20, 20).jpeg());
  expect((await judged(small)).verdict).toMatchObject({ contentType: 'image/jpeg', width: 20, height: 20 });
  const png = await photo({ format: 'png' });
  expect((await judged(png)).verdict).toMatchObject({ contentType: 'image/png' });
  expect((await judged(png.subarray(0, png.length - 20))).verdict).toBe('INVALID_IMAGE');
  expect((await judged(Buffer.from('something else'))).verdict).toBe('UNSUPPORTED_FORMAT');
});
