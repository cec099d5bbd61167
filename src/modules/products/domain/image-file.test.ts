import { expect, test } from 'bun:test';
import type { ImageId } from '../../../kernel/ids';
import { objectKey } from '../../../kernel/object-key';
import { imageFile } from './image-file';

test('a file is typed by its key’s extension and named after its image and kind', () => {
  const id = 'i' as ImageId;
  const typeOf = (name: string): string => imageFile(id, 'thumb', objectKey(`products/p.q/${name}`)).contentType;
  expect(imageFile(id, 'original', objectKey('products/p/a/i/original.png'))).toEqual({
    contentType: 'image/png',
    fileName: 'i-original.png',
  });
  expect([typeOf('t.jpg'), typeOf('t.webp'), typeOf('t.svg')]).toEqual([
    'image/jpeg',
    'image/webp',
    'application/octet-stream', // nothing that a browser would run
  ]);
});
