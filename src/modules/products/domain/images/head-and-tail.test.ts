import { describe, expect, test } from 'bun:test';
import { withApp1 } from '../../../../../tests/support/image-bytes';
import { photo, photoBy } from '../../../../../tests/support/photos';
import { inspectHeadAndTail } from './head-and-tail';

const LIMITS = { minWidth: 800, minHeight: 600, maxPixels: 50_000_000 };
const KIB = 1024;

const large = await photo({ width: 2000, height: 1500, quality: 95 });
const png = await photo({ width: 1000, height: 800, format: 'png' });
const progressive = await photoBy((image) => image.jpeg({ progressive: true, quality: 95 }), {
  width: 2000,
  height: 1500,
});

/** The verdict, and how many bytes of the file it took. */
async function judged(file: Buffer): Promise<{ verdict: unknown; bytes: number }> {
  let bytes = 0;
  const verdict = await inspectHeadAndTail(LIMITS, file.length, async ({ start, end }) => {
    expect(start).toBeWithin(0, end + 1);
    expect(end).toBeLessThan(file.length);
    bytes += end - start + 1;
    return file.subarray(start, end + 1);
  }).catch((error) => error.code);
  return { verdict, bytes };
}

test('the photos are larger than what is read of them', () => {
  for (const file of [large, png, progressive]) expect(file.length).toBeGreaterThan(400 * KIB);
});

test.each([
  ['a JPEG', large, { format: 'jpeg', contentType: 'image/jpeg', extension: 'jpg', width: 2000, height: 1500 }],
  ['a progressive JPEG', progressive, { format: 'jpeg', width: 2000, height: 1500 }],
  ['a PNG', png, { format: 'png', contentType: 'image/png', extension: 'png', width: 1000, height: 800 }],
])('%s is known by 80 KiB of it', async (_, file, facts) => {
  const { verdict, bytes } = await judged(file);
  expect(verdict).toMatchObject(facts);
  expect(bytes).toBe(80 * KIB);
});

describe('a file that is cut off anywhere', () => {
  test.each([
    ['a JPEG', large],
    ['a progressive JPEG', progressive],
    ['a PNG', png],
  ])('is refused: %s', async (_, file) => {
    for (const length of [
      1,
      2,
      100,
      30 * KIB,
      70 * KIB,
      90 * KIB,
      file.length >> 1,
      file.length - 4096,
      file.length - 1,
    ]) {
      expect([length, (await judged(file.subarray(0, length))).verdict]).toEqual([length, 'INVALID_IMAGE']);
    }
  });

  test('also where the thumbnail in its head is whole', async () => {
    const thumbnail = await photo({ width: 160, height: 120 });
    const whole = withApp1(large, thumbnail);
    expect((await judged(whole)).verdict).toMatchObject({ width: 2000 });
    for (const length of [thumbnail.length + 100, 75 * KIB, 200 * KIB]) {
      expect((await judged(whole.subarray(0, length))).verdict).toBe('INVALID_IMAGE');
    }
  });
});

test('metadata of megabytes before the size are read through, as no other way leads to it', async () => {
  let file = large;
  for (let count = 0; count < 40; count += 1) file = withApp1(file, Buffer.alloc(60_000, 7));
  const { verdict, bytes } = await judged(file);
  expect(verdict).toMatchObject({ width: 2000, height: 1500 });
  expect(bytes).toBeLessThanOrEqual(file.length + 16 * KIB); // the tail is asked for before that is known
});

test('head and tail are asked for at once', async () => {
  const asked: number[] = [];
  const never = new Promise<Uint8Array>(() => undefined);
  const judging = inspectHeadAndTail(LIMITS, large.length, ({ start }) => {
    asked.push(start);
    return never;
  });
  judging.catch(() => undefined);
  expect(asked.toSorted((a, b) => a - b)).toEqual([0, large.length - 16 * KIB]);
});

test('what phones put behind the picture does not make it cut off', async () => {
  const video = Buffer.from(Array.from({ length: 100 * KIB }, (_, index) => (index * 7919 + (index >> 3)) % 256));
  expect((await judged(Buffer.concat([large, video]))).verdict).toMatchObject({ width: 2000 });
});

describe('what is put behind the picture, and fills the tail with nothing of it,', () => {
  const text = Buffer.from('a trailer of some editor, '.repeat(100 * KIB)).subarray(0, 2500 * KIB);
  test.each([
    ['a PNG and 20 KiB of zeros', png, Buffer.alloc(20 * KIB)],
    ['a PNG and megabytes of text', png, text],
    ['a JPEG and 20 KiB of zeros', large, Buffer.alloc(20 * KIB)],
    ['a progressive JPEG and megabytes of text', progressive, text],
  ])('does not make it cut off: %s', async (_, picture, trailer) => {
    const file = Buffer.concat([picture, trailer]);
    const { verdict, bytes } = await judged(file);
    expect(verdict).toEqual((await judged(picture)).verdict);
    expect(bytes).toBe(file.length + 16 * KIB); // read whole, after the tail had said nothing
  });

  test.each([
    ['a PNG', png],
    ['a JPEG', large],
    ['a progressive JPEG', progressive],
  ])('does not make %s whole that was cut off', async (_, picture) => {
    for (const length of [90 * KIB, picture.length >> 1, picture.length - 4096]) {
      const file = Buffer.concat([picture.subarray(0, length), Buffer.alloc(20 * KIB)]);
      expect([length, (await judged(file)).verdict]).toEqual([length, 'INVALID_IMAGE']);
    }
  });

  test('is read in pieces, none of which is longer than 1 MiB', async () => {
    const file = Buffer.concat([png, text]);
    let longest = 0;
    await inspectHeadAndTail(LIMITS, file.length, async ({ start, end }) => {
      longest = Math.max(longest, end + 1 - start);
      return file.subarray(start, end + 1);
    });
    expect(longest).toBe(1024 * KIB);
  });
});

test.each([
  ['no image at all', Buffer.alloc(200 * KIB, 'x'), 'UNSUPPORTED_FORMAT'],
  ['nothing', Buffer.alloc(0), 'INVALID_IMAGE'],
])('%s is refused', async (_, file, code) => {
  expect((await judged(file)).verdict).toBe(code);
});

test('the limits of size hold', async () => {
  const small = await photo({ width: 799, height: 2000, quality: 100 });
  expect(await judged(small)).toMatchObject({ verdict: 'RESOLUTION_TOO_LOW', bytes: 80 * KIB });
  const limits = { ...LIMITS, maxPixels: 1_000_000 };
  const read = async ({ start, end }: { start: number; end: number }) => large.subarray(start, end + 1);
  expect(inspectHeadAndTail(limits, large.length, read)).rejects.toMatchObject({ code: 'RESOLUTION_TOO_HIGH' });
});
