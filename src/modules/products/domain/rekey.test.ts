import { describe, expect, test } from 'bun:test';
import type { AttemptId, ImageId, ProductId } from '../../../kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../../kernel/object-key';
import type { ImageKeys } from './product';
import { haveStill, movesUnder } from './rekey';

const OLD = 'products/p/old';
const image = (name: string, keys: Partial<Record<keyof ImageKeys, string>> = {}) => ({
  id: name as ImageId,
  keys: { original: `${OLD}/${name}/original.jpg`, thumb: null, model: null, processed: null, ...keys } as ImageKeys,
});
const made = image('a', {
  thumb: `${OLD}/a/thumb.jpg`,
  model: `${OLD}/a/model.jpg`,
  processed: 'products/p/lease/a/processed.webp',
});
const prefix = attemptPrefix('p' as ProductId, 'new' as AttemptId);

describe('the moves of a product', () => {
  test('give each object of each image a key under the attempt, its kind and extension kept', () => {
    const moves = movesUnder(prefix, [made, image('b', { original: `${OLD}/b/original.png` })]);
    expect(moves.map(({ imageId, from, to }) => [imageId, from, to] as string[])).toEqual([
      ['a', `${OLD}/a/original.jpg`, 'products/p/new/a/original.jpg'],
      ['a', `${OLD}/a/thumb.jpg`, 'products/p/new/a/thumb.jpg'],
      ['a', `${OLD}/a/model.jpg`, 'products/p/new/a/model.jpg'],
      ['a', 'products/p/lease/a/processed.webp', 'products/p/new/a/processed.webp'],
      ['b', `${OLD}/b/original.png`, 'products/p/new/b/original.png'],
    ]);
  });

  test('hold for the same objects in another order, and for no others', () => {
    const images = [made, image('b')];
    const moves = movesUnder(prefix, images);
    expect(haveStill([...images].reverse(), moves)).toBe(true);
    const changed = [
      [made],
      [...images, image('c')],
      [made, image('b', { thumb: `${OLD}/b/thumb.jpg` })],
      [image('a'), image('b')],
      [made, image('b', { original: 'products/p/other/b/original.jpg' as ObjectKey })],
    ];
    for (const now of changed) expect(haveStill(now, moves)).toBe(false);
  });
});
