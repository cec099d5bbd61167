import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from './read-if-there';

test('a file that is not there has no text; one that can’t be read is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'read-if-there-'));
  await Bun.write(join(folder, 'password'), 'kept\n');
  expect(await readIfThere(join(folder, 'password'))).toBe('kept\n');
  expect(await readIfThere(join(folder, 'nothing'))).toBeNull();
  await expect(readIfThere(folder)).rejects.toThrow('EISDIR');
  await rm(folder, { recursive: true });
});
