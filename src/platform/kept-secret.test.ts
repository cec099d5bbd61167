import { expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptSecret } from './kept-secret';

test('a secret is made once, the same for all who ask at once, in a file that only its owner reads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kept-secret-'));
  const asked = await Promise.all(Array.from({ length: 8 }, () => keptSecret(folder, 'jwt-secret')));
  expect(new Set(asked).size).toBe(1);
  expect(asked[0]?.length).toBeGreaterThanOrEqual(32);
  expect(await keptSecret(folder, 'jwt-secret')).toBe(asked[0] ?? '');
  expect((await stat(join(folder, 'jwt-secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['jwt-secret']);
  await rm(folder, { recursive: true });
});
