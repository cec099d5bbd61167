import { describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declare } from './declare';
import { sha256Of } from './sha256';
import { UploadFailed } from './upload-failed';

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5]);
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
const never = new AbortController().signal;
const hashed = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

describe('what is announced of a file', () => {
  test('is its name, its type by its bytes, its size and its SHA-256', async () => {
    const files = [new File([JPEG], 'bike.png', { type: 'image/png' }), new Blob([PNG])];
    expect(await declare(files, 1, never)).toEqual([
      { file_name: 'bike.png', content_type: 'image/jpeg', file_size_bytes: 9, sha256: hashed(JPEG) },
      { content_type: 'image/png', file_size_bytes: 10, sha256: hashed(PNG), is_primary: true },
    ]);
  });

  test('of no image is what it says of itself, for the server to refuse', async () => {
    const files = [new Blob(['GIF89a'], { type: 'image/gif' }), new Blob(['text'])];
    const types = (await declare(files, undefined, never)).map(({ content_type }) => content_type);
    expect(types).toEqual(['image/gif', 'application/octet-stream']);
  });

  test('never says in which folder it lies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'test-declare-'));
    await Bun.write(join(folder, 'photo.jpg'), JPEG);
    const [declared] = await declare([Bun.file(join(folder, 'photo.jpg'))], undefined, never);
    expect(declared?.file_name).toBe('photo.jpg');
    await rm(folder, { recursive: true });
  });

  test('of one that is empty is that it is no image, by its place among the others', async () => {
    const files = [new Blob([JPEG]), new Blob([]), new Blob([PNG]), Bun.file(join(tmpdir(), crypto.randomUUID()))];
    const failure = await declare(files, undefined, never).catch((error) => error);
    expect(failure).toBeInstanceOf(UploadFailed);
    expect(failure.problems).toMatchObject([
      { index: 1, problem: 'INVALID_IMAGE' },
      { index: 3, problem: 'INVALID_IMAGE' },
    ]);
    expect(failure.isFinal).toBe(true);
  });

  test('is not read for an upload that was ended', async () => {
    await expect(declare([new Blob([JPEG])], undefined, AbortSignal.abort(new Error('ended')))).rejects.toThrow(
      'ended',
    );
  });
});

describe('the SHA-256', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));

  test('of a stream and of WebCrypto are the same', async () => {
    expect(await sha256Of(new Blob([bytes]))).toBe(hashed(bytes));
    expect(await sha256Of(new Blob([bytes]), null)).toBe(hashed(bytes));
  });

  test('cannot be had in a page without WebCrypto, which is told what to do', async () => {
    const { subtle } = crypto;
    Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true });
    await expect(sha256Of(new Blob([bytes]), null)).rejects.toThrow('served by https');
    Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true });
  });
});
