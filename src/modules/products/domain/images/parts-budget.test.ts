import { describe, expect, test } from 'bun:test';
import { chunksOf, pngOf } from '../../../../../tests/support/image-bytes';
import { photo } from '../../../../../tests/support/photos';
import { isAppError } from '../../../../kernel/app-error';
import { createImageInspector } from './image-inspector';

const small = { width: 70, height: 50 };
const EMPTY_COMMENT = Buffer.from('fffe0002', 'hex');
const RESTART = Buffer.from('ffd0', 'hex');
const EMPTY_CHUNK = { type: 'teXt', data: Buffer.alloc(0) };

function verdictOn(bytes: Uint8Array): string {
  const inspector = createImageInspector({ minWidth: 1, minHeight: 1, maxPixels: 50_000_000 });
  try {
    inspector.push(bytes);
    return inspector.finish().format;
  } catch (error) {
    return isAppError(error) ? error.code : `crashed: ${error}`;
  }
}

/** Behind SOI, so many times. */
const stuffed = async (piece: Buffer, times: number) => {
  const whole = await photo(small);
  return Buffer.concat([whole.subarray(0, 2), ...Array<Buffer>(times).fill(piece), whole.subarray(2)]);
};

describe('a photo', () => {
  test.each([
    ['comments', EMPTY_COMMENT],
    ['restart markers', RESTART],
  ])('of very many empty %s is refused, of some it is not', async (_what, piece) => {
    expect(verdictOn(await stuffed(piece, 60_000))).toBe('jpeg');
    expect(verdictOn(await stuffed(piece, 70_000))).toBe('UNSUPPORTED_FORMAT');
  });

  test('with fill bytes is taken however many they are', async () => {
    expect(verdictOn(await stuffed(Buffer.alloc(1, 0xff), 100_000))).toBe('jpeg');
  });

  test('of very many chunks without content is refused, and of many that have some it is not', async () => {
    const [header, ...rest] = chunksOf(await photo({ ...small, format: 'png' }));
    const withMany = (times: number) => pngOf([header!, ...Array(times).fill(EMPTY_CHUNK), ...rest]);
    expect(verdictOn(withMany(60_000))).toBe('png');
    expect(verdictOn(withMany(70_000))).toBe('UNSUPPORTED_FORMAT');
    const full = { type: 'teXt', data: Buffer.alloc(300) };
    expect(verdictOn(pngOf([header!, ...Array(100_000).fill(full), ...rest]))).toBe('png');
  });
});
