import { describe, expect, test } from 'bun:test';
import { isAppError } from '../../../kernel/app-error';
import { objectKey } from '../../../kernel/object-key';
import { storedUrls } from './stored-url';

const urls = storedUrls('images', ['images-2024', 'pictures']);

describe('the name of an object in a row', () => {
  test('leads to its key, under the bucket’s name of today or of former days', () => {
    const key = objectKey('products/p/a/i/original.jpg');
    expect(urls.urlOf(key)).toBe('s3://images/products/p/a/i/original.jpg');
    expect(urls.keyOf(urls.urlOf(key))).toBe(key);
    expect(urls.keyOf('s3://images-2024/products/p/a/i/original.jpg')).toBe(key);
  });

  for (const url of ['s3://image/key', 's3://images-2023/key', 's3:///key', 's3://images', 'https://images/key', '']) {
    test(`(${url}) in a strange bucket is an error that only the log explains`, () => {
      try {
        urls.keyOf(url);
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error, 'INTERNAL')).toBe(true);
        expect(String((error as Error).cause)).toContain('neither S3_BUCKET_NAME nor a former name');
      }
    });
  }

  test('with a key that no store can hold is refused', () => {
    expect(() => urls.keyOf('s3://images/../secrets')).toThrow(TypeError);
  });
});
