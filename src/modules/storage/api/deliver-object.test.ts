import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectKey } from '../../../kernel/object-key';
import { sha256OfBytes } from '../../../kernel/sha256';
import { deliverObject } from './deliver-object';

const folder = await mkdtemp(join(tmpdir(), 'test-deliver-'));
afterAll(() => rm(folder, { recursive: true }));

test('an object that is deleted while its digest is read is not there, whatever is asked of it', async () => {
  const key = 'a/original.jpg' as ObjectKey;
  const path = join(folder, 'original.jpg');
  const sha256 = sha256OfBytes('a photo');
  const head = { key, sha256, sizeBytes: 7, contentType: 'image/jpeg', lastModified: new Date() };
  const parts = {
    objects: {
      async locate() {
        await rm(path);
        return { path, head };
      },
    },
    urls: { verifyGet: () => ({ key, expiresAt: new Date(Date.now() + 60_000), response: {} }) },
    clock: () => new Date(),
    cacheScope: 'private',
  } as unknown as Parameters<typeof deliverObject>[0];
  for (const init of [
    {},
    { method: 'HEAD' },
    { headers: { range: 'bytes=0-1' } },
    { headers: { 'if-none-match': '*' } },
  ]) {
    await Bun.write(path, 'a photo');
    const request = new Request('http://localhost/files/b/a/original.jpg', init);
    await expect(deliverObject(parts, request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
});
