import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareKeys } from '../../../../kernel/key-order';
import { allEntries } from './directory-entries';
import { sortedEntries } from './sorted-entries';

const EVERYTHING = () => true;
const IN_PARTS = { names: 700, directoryBytes: 0 };

let folder: string;
let all: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-sorted-entries-'));
  const files = Array.from({ length: 3000 }, (_, at) => `${(at * 7919) % 3000}-${'n'.repeat(at % 60)}`);
  await Promise.all(files.map((name) => Bun.write(join(folder, name), '')));
  const folders = ['a', 'a-b', 'é', 'z'.repeat(255)];
  for (const name of folders) await mkdir(join(folder, name));
  await symlink('a', join(folder, 'elsewhere'));
  all = [...files, ...folders.map((name) => `${name}/`)].sort(compareKeys);
});
afterAll(() => rm(folder, { recursive: true }));

const listed = (...how: Parameters<typeof sortedEntries>) => Array.fromAsync(sortedEntries(...how));

describe('the names of a folder', () => {
  test.each([
    ['at once', undefined],
    ['in parts', IN_PARTS],
    ['in parts that end with the folder', { ...IN_PARTS, names: 751 }],
    ['in many parts', { ...IN_PARTS, names: 400 }],
  ])('come in the order of their bytes, each once, folders with their `/` (%s)', async (_, limits) => {
    expect(await listed(folder, EVERYTHING, limits)).toEqual(all);
  });

  test('are those that are wanted, and no others', async () => {
    const wants = (name: string) => name.startsWith('1');
    const wanted = all.filter(wants);
    expect(wanted.length).toBeGreaterThan(1000);
    expect(await listed(folder, wants, IN_PARTS)).toEqual(wanted);
    expect(await listed(folder, wants)).toEqual(wanted);
  });

  test('leave out what goes while they are read, and go on', async () => {
    const going = await mkdtemp(join(folder, '..', 'test-sorted-entries-'));
    const names = ['1', '2', '3', '4', '5'];
    for (const name of names) await Bun.write(join(going, name), '');
    const seen: string[] = [];
    for await (const name of sortedEntries(going, EVERYTHING, { names: 2, directoryBytes: 0 })) {
      seen.push(name);
      if (name === '2') await rm(join(going, '4'));
    }
    expect(seen).toEqual(['1', '2', '3', '5']);
    await rm(going, { recursive: true });
  });

  test('are none where there is no folder, or a file', async () => {
    for (const path of [join(folder, 'nothing'), join(folder, all.find((name) => !name.endsWith('/')) ?? '')]) {
      expect(await listed(path, EVERYTHING)).toEqual([]);
      expect(await listed(path, EVERYTHING, { names: 1, directoryBytes: -1 })).toEqual([]);
    }
    expect((await allEntries(folder)).length).toBe(all.length);
  });
});
