import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfBytes } from '../../kernel/sha256';
import { HashingWriter, type OpenFile } from './hashing-writer';

let folder: string;
let file: FileHandle;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hashing-writer-'));
  file = await open(join(folder, 'file'), 'wx+');
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true, force: true });
});

/** The file, as a disk or a fault of ours would write it. */
function writing(
  write: (chunk: Uint8Array, at: number, length: number) => Promise<{ bytesWritten: number }>,
): OpenFile {
  return { fd: file.fd, write };
}

const CHUNKS = [1, 2, 7].map((n) => new Uint8Array(n * 100_001).fill(n));
const WHOLE = Buffer.concat(CHUNKS);

describe('a hashing writer', () => {
  test('writes on where a write was cut short', async () => {
    const short = writing((chunk, at, length) => file.write(chunk, at, Math.min(length, 7_001)));
    const writer = new HashingWriter(short);
    for (const chunk of CHUNKS) await writer.write(chunk);
    expect(await writer.finish()).toBe(sha256OfBytes(WHOLE));
    expect(await Bun.file(join(folder, 'file')).bytes()).toEqual(new Uint8Array(WHOLE));
  });

  test('lets go of a chunk once it is written', async () => {
    const writer = new HashingWriter(file);
    for (const chunk of CHUNKS) {
      const mine = chunk.slice();
      await writer.write(mine);
      mine.fill(0);
    }
    expect(await writer.finish()).toBe(sha256OfBytes(WHOLE));
  });

  test.each([
    ['other bytes', (chunk: Uint8Array) => chunk.map((byte) => byte ^ 1)],
    ['fewer bytes', (chunk: Uint8Array) => chunk.subarray(0, 10)],
  ])('finds that the file holds %s than it was given', async (_what, spoilt) => {
    const writer = new HashingWriter(
      writing(async (chunk, at, length) => {
        await file.write(spoilt(chunk));
        return { bytesWritten: Math.min(length, chunk.length - at) };
      }),
    );
    await writer.write(CHUNKS[0] ?? new Uint8Array(1));
    expect(writer.finish()).rejects.toThrow('does not hold what was written');
  });

  test('abandoned, it ends without a word', async () => {
    const writer = new HashingWriter(file);
    await writer.write(new Uint8Array(10));
    await writer.abandon();
  });
});
