import { describe, expect, test } from 'bun:test';
import { idempotencyKeyOf, uploadIdOf } from './upload-headers';

const headers = (name: string, value: string) => new Headers({ [name]: value });

describe('the headers of an upload', () => {
  test('may be absent', () => {
    expect(idempotencyKeyOf(new Headers())).toBeNull();
    expect(uploadIdOf(new Headers())).toBeNull();
  });

  test('name a key of visible characters and a UUIDv7', () => {
    expect(idempotencyKeyOf(headers('idempotency-key', 'a"b-1'))).toBe('a"b-1');
    const id = Bun.randomUUIDv7();
    expect(uploadIdOf(headers('x-upload-id', id.toUpperCase()))).toBe(id as never);
  });

  test.each(['', 'two words', 'x'.repeat(256), 'ü'])('refuse the key %p', (key) => {
    expect(() => idempotencyKeyOf(headers('idempotency-key', key))).toThrow('Idempotency-Key');
  });

  test.each(['1', crypto.randomUUID()])('refuse the upload id %p', (id) => {
    expect(() => uploadIdOf(headers('x-upload-id', id))).toThrow('X-Upload-Id');
  });
});
