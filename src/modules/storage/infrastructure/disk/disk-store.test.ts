import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import { existsSync } from 'node:fs';
import {
  appendFile,
  type FileHandle,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedPages, ON_DISK } from '../../../../../tests/support/cached-pages';
import { silentLog } from '../../../../../tests/support/log';
import { objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { openStagingArea } from '../../../../platform/staging/open-staging-area';
import { ChecksumMismatch } from '../../domain/store-errors';
import { DiskStore } from './disk-store';
import { DiskUrlSigner } from './sign';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-disk-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const urls = new DiskUrlSigner({ bucket: 'photos', publicUrl: () => 'http://localhost', secret: 'secret' });

async function newStore(dataDir = join(folder, Bun.randomUUIDv7())) {
  const store = new DiskStore({ dataDir, bucket: 'photos', urls });
  await store.prepare();
  return { store, dataDir, incoming: join(dataDir, 'objects/.incoming') };
}

async function staged(content: string, where = folder) {
  const path = join(where, `staged-${Bun.randomUUIDv7()}`);
  await Bun.write(path, content);
  return { path, sizeBytes: content.length, sha256: sha256OfBytes(content) };
}

describe('the disk store', () => {
  test('takes over the staged bytes without copying them, and keeps them when staging ends', async () => {
    const { store, dataDir } = await newStore();
    const file = await staged('bytes');
    await store.put(objectKey('a/b.jpg'), file, 'image/jpeg');
    const path = join(dataDir, 'objects/photos/a/b.jpg');
    expect((await stat(path)).ino).toBe((await stat(file.path)).ino);
    await unlink(file.path);
    expect(await readFile(path, 'utf8')).toBe('bytes');
  });

  test('copies a file that can’t be read any more: whoever revokes its URLs need not read it', async () => {
    const { store, dataDir } = await newStore();
    const [from, to] = [objectKey('a/from.jpg'), objectKey('a/to.jpg')];
    await store.put(from, await staged('bytes'), 'image/jpeg');
    const path = join(dataDir, 'objects/photos/a/from.jpg');
    await unlink(path);
    await symlink('/proc/self/mem', path); // a read of its first page is an EIO
    await expect(store.head(from)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    await store.copy(from, to);
    await store.copy(from, to);
    expect(await readlink(join(dataDir, 'objects/photos/a/to.jpg'))).toBe('/proc/self/mem');
  });

  test('keeps no photo in the page cache once it is durable', async () => {
    const { store, dataDir } = await newStore(await mkdtemp(join(ON_DISK, 'test-disk-store-')));
    const area = await openStagingArea(join(dataDir, 'tmp'), silentLog);
    const file = await (await area.open()).stage(new Blob(['bytes']).stream());
    expect(await cachedPages(file.path)).toBe(1);
    await store.put(objectKey('a/b.jpg'), file, 'image/jpeg');
    expect(await cachedPages(join(dataDir, 'objects/photos/a/b.jpg'))).toBe(0);
    await area.close();
    await rm(dataDir, { recursive: true });
  });

  test('refuses bytes that have changed since they were staged and hashed', async () => {
    const { store, dataDir } = await newStore();
    const area = await openStagingArea(join(dataDir, 'tmp'), silentLog);
    const file = await (await area.open()).stage(new Blob(['as it came']).stream());
    await appendFile(file.path, ' and more');
    expect(store.put(objectKey('a.jpg'), file, 'image/jpeg')).rejects.toBeInstanceOf(ChecksumMismatch);
    expect(await store.head(objectKey('a.jpg'))).toBeNull();
    await area.close();
  });

  test('reads the bytes itself where the digest is not the one that staging has read', async () => {
    const { store, dataDir } = await newStore();
    const area = await openStagingArea(join(dataDir, 'tmp'), silentLog);
    const file = await (await area.open()).stage(new Blob(['as it came']).stream());
    const claimed = { ...file, sha256: sha256OfBytes('something else') };
    await expect(store.put(objectKey('a.jpg'), claimed, 'image/jpeg')).rejects.toBeInstanceOf(ChecksumMismatch);
    await area.close();
  });

  test.skipIf(!existsSync('/dev/shm'))('copies what was staged on another file system', async () => {
    const { store, dataDir, incoming } = await newStore();
    const elsewhere = await mkdtemp('/dev/shm/test-disk-store-');
    try {
      await store.put(objectKey('a.jpg'), await staged('from elsewhere', elsewhere), 'image/jpeg');
    } finally {
      await rm(elsewhere, { recursive: true });
    }
    expect(await readFile(join(dataDir, 'objects/photos/a.jpg'), 'utf8')).toBe('from elsewhere');
    expect(await readdir(incoming)).toEqual([]);
  });

  test('knows the sha-256 of what another process has put', async () => {
    const { store, dataDir } = await newStore();
    await store.put(objectKey('a.png'), await staged('bytes'), 'image/png');
    const other = await newStore(dataDir);
    expect(await other.store.head(objectKey('a.png'))).toMatchObject({
      sha256: sha256OfBytes('bytes'),
      contentType: 'image/png',
    });
  });

  test('leaves no empty folder behind what it deletes', async () => {
    const { store, dataDir } = await newStore();
    await store.put(objectKey('a/b/c/d.jpg'), await staged('bytes'), 'image/jpeg');
    await store.put(objectKey('a/kept.jpg'), await staged('bytes'), 'image/jpeg');
    await store.deleteMany([objectKey('a/b/c/d.jpg')]);
    expect(await readdir(join(dataDir, 'objects/photos/a'))).toEqual(['kept.jpg']);
  });

  test('removes copies that a dead process left, and no others', async () => {
    const { store, incoming } = await newStore();
    await Bun.write(join(incoming, 'dead'), 'half a');
    await Bun.write(join(incoming, 'living'), 'half a');
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(join(incoming, 'dead'), longAgo, longAgo);
    await store.prepare();
    expect(await readdir(incoming)).toEqual(['living']);
  });

  test('says that it is not available when its folder is gone', async () => {
    const { store, dataDir } = await newStore();
    await rm(dataDir, { recursive: true });
    expect(await store.check().catch((thrown) => thrown)).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  test.each([
    ['EIO', 'BrokenBytes'],
    ['ENOMEM', 'Error'],
  ])('says of a read that ends in %s whether it is these bytes: %s', async (code, cause) => {
    const { store } = await newStore();
    await store.put(objectKey('a.jpg'), await staged('bytes'), 'image/jpeg');
    const file = await open(import.meta.path);
    const read = spyOn(Object.getPrototypeOf(file) as FileHandle, 'read').mockImplementation(() => {
      throw Object.assign(new Error(code), { code, errno: -5 });
    });
    try {
      const error = await new Response(await store.get(objectKey('a.jpg'))).text().catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', cause: { name: cause } });
    } finally {
      read.mockRestore();
      await file.close();
    }
  });

  test('takes no bucket name that leaves its folder', () => {
    for (const bucket of ['..', '.incoming', 'a/b', '', 'UPPER', 'a'.repeat(64)]) {
      expect(() => new DiskStore({ dataDir: folder, bucket, urls })).toThrow(TypeError);
    }
  });
});
