import { expect, test } from 'bun:test';
import { sha256OfBytes } from '../../../kernel/sha256';
import { type AnnouncedImage, judgeDeclarations, primaryIndexOf } from './declared-images';

const LIMITS = { maxImages: 3, maxImageBytes: 100, maxUploadBytes: 250 };
const image: AnnouncedImage = { contentType: 'image/jpeg', sizeBytes: 100, sha256: sha256OfBytes('photo') };

function refusal(images: readonly AnnouncedImage[]): unknown {
  try {
    return judgeDeclarations(LIMITS, images);
  } catch (error) {
    return error;
  }
}

test('what keeps to the limits is taken, and nothing but what was declared', () => {
  const { contentType, sizeBytes, sha256 } = image;
  expect(judgeDeclarations(LIMITS, [image, { ...image, fileName: 'a.jpg', isPrimary: true, sizeBytes: 50 }])).toEqual([
    { contentType: 'image/jpeg', sizeBytes, sha256 },
    { contentType: 'image/jpeg', sizeBytes: 50, sha256 },
  ]);
  expect(contentType).toBe('image/jpeg');
});

test.each([
  ['no image', [], 'VALIDATION_FAILED'],
  ['too many', [image, image, image, image], 'TOO_MANY_IMAGES'],
  ['too much together', [image, image, image], 'REQUEST_TOO_LARGE'],
])('%s is refused', (_, images, code) => {
  expect(refusal(images)).toMatchObject({ code });
});

test.each([
  ['too large', { sizeBytes: 101 }, 'IMAGE_TOO_LARGE'],
  ['of another type', { contentType: 'image/webp' }, 'UNSUPPORTED_FORMAT'],
  ['of a type in disguise', { contentType: 'image/jpeg; x=y' }, 'UNSUPPORTED_FORMAT'],
])('an image that is %s is refused, by its place and its name', (_, change, code) => {
  expect(refusal([image, { ...image, ...change, fileName: 'lamp.webp' }])).toMatchObject({
    code,
    details: { file: { index: 1, name: 'lamp.webp' } },
  });
  expect(refusal([{ ...image, ...change }])).toMatchObject({ code, details: { file: { index: 0 } } });
});

test('the first image is the primary one unless another is said to be it; two cannot be', () => {
  const primary = { ...image, isPrimary: true };
  expect(primaryIndexOf([image, image])).toBe(0);
  expect(primaryIndexOf([image, { ...image, isPrimary: false }, primary])).toBe(2);
  expect(() => primaryIndexOf([primary, image, primary])).toThrow('Only one image');
});
