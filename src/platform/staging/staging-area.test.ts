import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Log } from '../../kernel/log';
import { sha256OfBytes } from '../../kernel/sha256';
import { removeDeadStagingFolders } from './dead-folders';
import { openStagingArea } from './open-staging-area';

const silent: Log = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };
let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'staging-test-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function openFiles(): number {
  return readdirSync('/dev/fd').length;
}

describe('a staged file', () => {
  test('has the bytes, size and sha-256 that came, and mode 600', async () => {
    const area = await openStagingArea(parent, silent);
    const folder = await area.open();
    const chunks = Array.from({ length: 40 }, (_, index) => new Uint8Array(30_000 + index).fill(index));
    const whole = Buffer.concat(chunks);
    const [file, empty] = await Promise.all([folder.stage(chunksOf(...chunks)), folder.stage(chunksOf())]);
    expect(file).toMatchObject({ path: file.path, sizeBytes: whole.length, sha256: sha256OfBytes(whole) });
    expect(whole.equals(await readFile(file.path))).toBe(true);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(empty).toMatchObject({ sizeBytes: 0, sha256: sha256OfBytes('') });
    await folder.remove();
    expect(await readdir(area.folder)).toEqual([]);
    await area.close();
    expect(await readdir(parent)).toEqual(['lock']);
  });

  test('may be written by another process, and is hashed when it is whole', async () => {
    const area = await openStagingArea(parent, silent);
    const folder = await area.open();
    const [path, other] = [folder.newPath(), folder.newPath()];
    expect(path).not.toBe(other);
    await writeFile(path, 'made elsewhere');
    const staged = await folder.stage(chunksOf(new Uint8Array(2)));
    expect(await folder.adopt(path)).toMatchObject({ path, sizeBytes: 14, sha256: sha256OfBytes('made elsewhere') });
    expect([path, other]).not.toContain(staged.path);
    await expect(folder.adopt(other)).rejects.toThrow('ENOENT');
    await area.close();
  });

  test('shows each chunk with the size so far', async () => {
    const area = await openStagingArea(parent, silent);
    const sizes: number[] = [];
    await (await area.open()).stage(chunksOf(new Uint8Array(3), new Uint8Array(4)), (_chunk, size) => sizes.push(size));
    expect(sizes).toEqual([3, 7]);
    await area.close();
  });

  test.each([
    ['the sender', 'body'],
    ['whoever looks at the chunks', 'onChunk'],
  ])('is gone, and its descriptor closed, when %s throws', async (_who, where) => {
    const area = await openStagingArea(parent, silent);
    const folder = await area.open();
    const before = openFiles();
    async function* failing() {
      for (let sent = 0; sent < 20; sent++) yield new Uint8Array(100_000);
      if (where === 'body') throw new Error('no more');
      yield new Uint8Array(1);
    }
    const look = (_chunk: Uint8Array, size: number) => {
      if (where === 'onChunk' && size > 1_500_000) throw new Error('no more');
    };
    await expect(folder.stage(failing(), look)).rejects.toThrow('no more');
    expect(await readdir(join(area.folder, '0'))).toEqual([]);
    expect(openFiles()).toBe(before);
    await area.close();
  });
});

describe('the folder of a process', () => {
  test('has unnamed files for 64 requests, and named ones for those beyond', async () => {
    const area = await openStagingArea(parent, silent);
    const before = openFiles();
    const requests = await Promise.all(Array.from({ length: 65 }, () => area.openUnnamed()));
    const staged = await Promise.all(requests.map((request) => request.stage(chunksOf(new Uint8Array(10).fill(4)))));
    for (const { path } of staged) expect([...(await readFile(path))]).toEqual(Array(10).fill(4));
    expect(await readdir(area.folder)).toEqual(
      process.platform === 'linux' ? ['0'] : expect.arrayContaining(['0', '64']),
    );
    await Promise.all(requests.map((request) => request.remove()));
    expect(await readdir(area.folder)).toEqual([]);
    await area.close();
    expect(openFiles()).toBe(before - 1); // the lock's
  });

  const OPEN_AND_WAIT = `
    const { openStagingArea } = await import(process.argv[1]);
    const area = await openStagingArea(process.argv[2], console);
    await (await area.open()).stage((async function* () { yield new Uint8Array(10); })());
    // A child that outlives it must not keep the lock.
    Bun.spawn(['sleep', '5'], { stdio: ['ignore', 'ignore', 'ignore'] }).unref();
    console.log('ready');
    setInterval(() => undefined, 1000);
  `;

  test('stays while the process lives and is removed once it was killed', async () => {
    const script = join(import.meta.dir, 'open-staging-area.ts');
    const child = Bun.spawn(['bun', '-e', OPEN_AND_WAIT, script, parent], { stdout: 'pipe' });
    await child.stdout.getReader().read();
    const whileAlive = await removeDeadStagingFolders(parent);
    const left = await readdir(parent);
    child.kill('SIGKILL');
    await child.exited;
    expect([whileAlive, left.length]).toEqual([0, 3]);
    expect(await removeDeadStagingFolders(parent)).toBe(1);
    expect(await readdir(parent)).toEqual(['lock']);
  });

  test('is removed at the next start, as is what a sweep cut short has left; other folders are not', async () => {
    await mkdir(join(parent, 'staging-of-the-dead'));
    await writeFile(join(parent, 'staging-of-the-dead', 'photo'), 'x');
    await writeFile(join(parent, 'staging-half-removed.lock'), '');
    await mkdir(join(parent, 'somebody-elses'));
    const area = await openStagingArea(parent, silent);
    const own = basename(area.folder);
    expect((await readdir(parent)).sort()).toEqual(['lock', 'somebody-elses', own, `${own}.lock`]);
    await area.close();
    await area.close();
  });

  test('is never taken by sweeps that run while it is made', async () => {
    let done = false;
    const sweeper = Bun.spawn([
      'bun',
      '-e',
      'const { removeDeadStagingFolders } = await import(process.argv[1]); for (;;) { await removeDeadStagingFolders(process.argv[2]); await Bun.sleep(3); }',
      join(import.meta.dir, 'dead-folders.ts'),
      parent,
    ]);
    const sweeping = (async () => {
      for (; !done; await Bun.sleep(3)) await removeDeadStagingFolders(parent);
    })();
    try {
      for (let round = 0; round < 40; round++) {
        const area = await openStagingArea(parent, silent);
        await Bun.sleep(2);
        expect(existsSync(area.folder) && existsSync(`${area.folder}.lock`)).toBe(true);
        await area.close();
      }
    } finally {
      done = true;
      sweeper.kill();
      await Promise.all([sweeping, sweeper.exited]);
    }
  });
});
