import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableNames } from './durable-names';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'durable-names-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function recording() {
  const fsynced: string[] = [];
  const names = new DurableNames(async (folder) => {
    fsynced.push(folder.slice(root.length) || '/');
  });
  /** @returns what was fsynced for it */
  const keep = async (folder: string) => {
    fsynced.length = 0;
    await names.keep(root, join(root, folder));
    return fsynced.toSorted();
  };
  return { names, keep };
}

describe('the durability of names', () => {
  test('takes every folder up to the root where nothing is known', async () => {
    await mkdir(join(root, 'a/b/c'), { recursive: true });
    expect(await recording().keep('a/b/c')).toEqual(['/', '/a', '/a/b', '/a/b/c']);
  });

  test('fsyncs a folder for each new name in it, and those above it once', async () => {
    await mkdir(join(root, 'a/b/c'), { recursive: true });
    await mkdir(join(root, 'a/b/d'), { recursive: true });
    const { keep } = recording();
    await keep('a/b/c');
    expect(await keep('a/b/d')).toEqual(['/a/b', '/a/b/d']);
    expect(await keep('a/b')).toEqual(['/a/b']);
  });

  test('does not take a folder that was removed and made again for the one that it knows', async () => {
    await mkdir(join(root, 'a/b'), { recursive: true });
    const { keep } = recording();
    await keep('a/b');
    await rmdir(join(root, 'a/b'));
    await rmdir(join(root, 'a'));
    await mkdir(join(root, 'a/b'), { recursive: true });
    expect(await keep('a/b')).toEqual(['/', '/a', '/a/b']);
  });

  test('learns nothing from an fsync that failed', async () => {
    await mkdir(join(root, 'a/b'), { recursive: true });
    let broken = true;
    const fsynced: string[] = [];
    const names = new DurableNames(async (folder) => {
      fsynced.push(folder);
      if (broken && folder === root) throw new Error('EIO');
    });
    await expect(names.keep(root, join(root, 'a/b'))).rejects.toThrow('EIO');
    broken = false;
    await names.keep(root, join(root, 'a/b'));
    expect(fsynced.filter((folder) => folder === root).length).toBe(2);
  });

  test('has nothing to keep of a folder that is gone', async () => {
    expect(await recording().keep('gone')).toEqual(['/', '/gone']);
  });
});
