import { expect, test } from 'bun:test';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDurableFolder } from './make-durable-folder';

test('the names of all folders that were made are made durable, and of no others', async () => {
  const root = await mkdtemp(join(tmpdir(), 'durable-folder-'));
  const fsynced: string[] = [];
  const make = (path: string) => makeDurableFolder(path, 0o700, async (folder) => void fsynced.push(folder));

  await make(join(root, 'data/objects/photos'));
  expect(fsynced).toEqual([join(root, 'data/objects'), join(root, 'data'), root]);
  expect((await stat(join(root, 'data/objects/photos'))).mode & 0o777).toBe(0o700);

  fsynced.length = 0;
  await make(join(root, 'data/objects/photos'));
  expect(fsynced).toEqual([]);
  await make(join(root, 'data/objects/.incoming'));
  expect(fsynced).toEqual([join(root, 'data/objects')]);
  await rm(root, { recursive: true });
});
