import { describe, expect, test } from 'bun:test';
import type { ImageId } from '../../../kernel/ids';
import { requireImage, requirePermutation, withoutImage } from './image-order';
import type { ProductImage } from './product';

const id = (name: string) => name as ImageId;
const images = ['a', 'b', 'c'].map(
  (name, position) => ({ id: id(name), position, isPrimary: name === 'b' }) as ProductImage,
);

describe('an order of images', () => {
  test('may be any permutation', () => {
    for (const order of ['abc', 'cba', 'bca']) {
      expect(() => requirePermutation(images, [...order].map(id))).not.toThrow();
    }
  });

  test('that misses or repeats an image is VALIDATION_FAILED, a strange image IMAGE_NOT_FOUND', () => {
    for (const [order, code] of [
      ['ab', 'VALIDATION_FAILED'],
      ['abb', 'VALIDATION_FAILED'],
      ['abca', 'VALIDATION_FAILED'],
      ['', 'VALIDATION_FAILED'],
      ['abx', 'IMAGE_NOT_FOUND'],
    ] as const) {
      expect(() => requirePermutation(images, [...order].map(id))).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe('without one image', () => {
  test('the others keep their order, and the primary if it stays', () => {
    expect(withoutImage(images, id('a'))).toEqual({ remaining: [id('b'), id('c')], newPrimary: null });
  });

  test('the first of the others becomes the primary if that one went', () => {
    expect(withoutImage(images, id('b'))).toEqual({ remaining: [id('a'), id('c')], newPrimary: id('a') });
  });

  test('nothing would be left of one: CONFLICT', () => {
    expect(() => withoutImage(images.slice(1, 2), id('b'))).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  });

  test('that is not there, nothing happens: IMAGE_NOT_FOUND', () => {
    expect(() => withoutImage(images, id('x'))).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }));
    expect(() => requireImage([], id('a'))).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }));
  });
});
