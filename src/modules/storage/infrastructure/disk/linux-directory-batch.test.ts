import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesInBatch } from './linux-directory-batch';

const [UNKNOWN, DIRECTORY, FILE, LINK] = [0, 4, 8, 10];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-directory-batch-'));
  await Bun.write(join(folder, 'photo.jpg'), '');
  await mkdir(join(folder, 'prodúcts'));
  await symlink('photo.jpg', join(folder, 'elsewhere'));
});
afterAll(() => rm(folder, { recursive: true }));

/** One struct linux_dirent64, as the kernel lays it out: its length is a multiple of 8. */
function entry(name: string, type: number): Buffer {
  const bytes = Buffer.from(name);
  const one = Buffer.alloc(Math.ceil((19 + bytes.length + 1) / 8) * 8);
  one.writeUInt16LE(one.length, 16);
  one[18] = type;
  bytes.copy(one, 19);
  return one;
}

const names = (...entries: Buffer[]) => namesInBatch(folder, Buffer.concat(entries));

describe('a batch of directory entries', () => {
  test('gives files and directories as the kernel calls them, without a look at each', async () => {
    const batch = [
      entry('.', DIRECTORY),
      entry('..', DIRECTORY),
      entry('not-there', FILE),
      entry('ñot-there', DIRECTORY),
    ];
    expect(await names(...batch, entry('link', LINK))).toEqual(['not-there', 'ñot-there/']);
  });

  test('looks at each where the file system does not say what it is', async () => {
    const batch = ['.', '..', 'photo.jpg', 'prodúcts', 'elsewhere', 'gone'].map((name) => entry(name, UNKNOWN));
    expect(await names(...batch)).toEqual(['photo.jpg', 'prodúcts/']);
  });

  test("is not taken for empty where an entry can't be looked at", async () => {
    await expect(names(entry('n'.repeat(300), UNKNOWN))).rejects.toThrow('ENAMETOOLONG');
  });
});
