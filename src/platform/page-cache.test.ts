import { expect, test } from 'bun:test';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { cachedPages, ON_DISK } from '../../tests/support/cached-pages';
import { leavePageCache } from './page-cache';

test('a durable file that leaves the page cache has no page there, and all of its bytes', async () => {
  const folder = await mkdtemp(`${ON_DISK}/test-page-cache-`);
  const path = `${folder}/photo`;
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
  await using file = await open(path, 'wx');
  await file.write(bytes);
  await file.sync();
  expect(await cachedPages(path)).toBe(16);
  leavePageCache(file.fd);
  expect(await cachedPages(path)).toBe(0);
  expect((await readFile(path)).equals(bytes)).toBe(true);
  await rm(folder, { recursive: true });
});
