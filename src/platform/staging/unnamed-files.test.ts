import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfBytes } from '../../kernel/sha256';
import type { UnnamedFolder } from './staging-area';
import { UnnamedFiles } from './unnamed-files';

const MIB = 1024 * 1024;
let folder: string;
let files: UnnamedFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnamed-files-'));
  files = new UnnamedFiles(folder, 60_000);
});
afterEach(async () => {
  await files.close();
  await rm(folder, { recursive: true, force: true });
});

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk.slice();
}

/** Descriptors of this process into the folder. */
function openHere(): string[] {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false; // closed meanwhile, like the one that lists them
    }
  });
}

function newFolder(): UnnamedFolder {
  const made = files.openFolder();
  if (!made) throw new Error('no room for another folder');
  return made;
}

const photo = (bytes: number, of: number) => new Uint8Array(bytes).fill(of);

describe.skipIf(process.platform !== 'linux')('files without a name', () => {
  test('hold what was staged, to be read by their path, and are in no folder', async () => {
    const request = newFolder();
    const parts = [photo(300_000, 1), photo(500_001, 2)];
    const [file, empty] = [await request.stage(chunksOf(...parts)), await request.stage(chunksOf())];
    const whole = Buffer.concat(parts);
    expect(file).toMatchObject({ sizeBytes: whole.length, sha256: sha256OfBytes(whole) });
    expect(whole.equals(await readFile(file.path))).toBe(true);
    expect(await Bun.file(file.path).bytes()).toEqual(new Uint8Array(whole));
    expect(empty).toMatchObject({ sizeBytes: 0, sha256: sha256OfBytes('') });
    expect(await readFile(empty.path)).toHaveLength(0);
    expect(await readdir(folder)).toEqual([]);
    await request.remove();
  });

  test('are used again, and never show a byte of what they held before', async () => {
    const first = newFolder();
    const before = await first.stage(chunksOf(photo(900_000, 7)));
    await first.remove();
    const second = newFolder();
    const shorter = photo(1000, 8);
    const file = await second.stage(chunksOf(shorter));
    expect(file.path).toBe(before.path);
    expect(file).toMatchObject({ sizeBytes: 1000, sha256: sha256OfBytes(shorter) });
    expect(await Bun.file(file.path).bytes()).toEqual(shorter);
    const another = await second.stage(chunksOf(photo(5, 9)));
    expect(another.path).not.toBe(file.path);
    await second.remove();
  });

  test('of which one was left half way serve the next as any other', async () => {
    const request = newFolder();
    const broken = request.stage(chunksOf(photo(600_000, 1), photo(1, 1)), (_chunk, size) => {
      if (size > 600_000) throw new Error('no more');
    });
    await expect(broken).rejects.toThrow('no more');
    await request.remove();
    const next = newFolder();
    const file = await next.stage(chunksOf(photo(10, 3)));
    expect(await Bun.file(file.path).bytes()).toEqual(photo(10, 3));
    expect(openHere()).toHaveLength(1);
    await next.remove();
  });

  test('are closed when nobody has wanted them for a while, and with the process’s folder', async () => {
    const soon = new UnnamedFiles(folder, 50);
    const request = soon.openFolder();
    await request?.stage(chunksOf(photo(10, 1)));
    await request?.remove();
    expect(openHere()).toHaveLength(1);
    while (openHere().length > 0) await Bun.sleep(10);
    const late = newFolder();
    await late.stage(chunksOf(photo(10, 1)));
    await files.close();
    expect(openHere()).toHaveLength(1);
    await late.remove();
    expect(openHere()).toEqual([]);
  });

  test('keep no more spares than 64, and no more of their bytes than 256 MiB', async () => {
    const many = newFolder();
    for (let made = 0; made < 66; made += 1) await many.stage(chunksOf(photo(1, 1)));
    expect(openHere()).toHaveLength(66);
    await many.remove();
    expect(openHere()).toHaveLength(64);
    await files.close();

    files = new UnnamedFiles(folder, 60_000);
    const large = newFolder();
    const chunks = Array.from({ length: 10 }, () => photo(10 * MIB, 1));
    for (let made = 0; made < 3; made += 1) await large.stage(chunksOf(...chunks));
    await large.remove();
    expect(openHere()).toHaveLength(2);
  });

  test('are for 64 requests at once: more would need too many descriptors', async () => {
    const open = Array.from({ length: 64 }, newFolder);
    expect(files.openFolder()).toBeNull();
    await open[0]?.remove();
    await open[0]?.remove();
    expect(files.openFolder()).not.toBeNull();
    expect(files.openFolder()).toBeNull();
    await Promise.all(open.map((request) => request.remove()));
  });
});
