import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterFolder } from './cluster-folder';

const asRoot = (dataDir: string) => clusterFolder(dataDir, true);

let root: string;
let dataDir: string;
let own: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-folder-'));
  await chmod(root, 0o755);
  dataDir = join(root, 'data');
  own = join(dataDir, 'postgres');
  await mkdir(dataDir);
  await chmod(dataDir, 0o755);
});
afterEach(() => rm(root, { recursive: true }));

async function clusterIsMade(): Promise<void> {
  await mkdir(own);
  await writeFile(join(own, 'initialised'), '');
}

describe('the cluster of a data directory', () => {
  test('lies in it where PostgreSQL can enter it', async () => {
    expect(await asRoot(dataDir)).toBe(own);
    await chmod(dataDir, 0o700);
    expect(await clusterFolder(dataDir, false)).toBe(own);
  });

  test('that others can’t enter lies elsewhere, by its path', async () => {
    await chmod(dataDir, 0o700);
    const elsewhere = await asRoot(dataDir);
    expect(elsewhere).toMatch(/^\/var\/lib\/intellipost\/[0-9a-f]{12}$/);
    expect(await asRoot(dataDir)).toBe(elsewhere);
    await mkdir(join(root, 'other'), { mode: 0o700 });
    expect(await asRoot(join(root, 'other'))).not.toBe(elsewhere);
  });

  test('stays elsewhere when the folder is opened to others later', async () => {
    await chmod(dataDir, 0o700);
    const elsewhere = await asRoot(dataDir);
    await chmod(dataDir, 0o755);
    expect(await asRoot(dataDir)).toBe(elsewhere);
  });

  test('is not made anew elsewhere when the folder is closed to others later', async () => {
    await clusterIsMade();
    await chmod(dataDir, 0o700);
    await expect(asRoot(dataDir)).rejects.toThrow(`can't enter it any more: chmod o+x ${dataDir}`);
  });

  test('is not made anew where the folder was moved, and is found when it was moved, too', async () => {
    await chmod(dataDir, 0o700);
    const before = await asRoot(dataDir);
    const moved = join(root, 'moved');
    await rename(dataDir, moved);
    const said = await asRoot(moved).catch((error: Error) => error.message);
    const after = /mv (\S+) (\S+) and delete (\S+)$/.exec(String(said));
    expect(after?.[1]).toBe(before);
    await rm(after?.[3] ?? '');
    expect(await asRoot(moved)).toBe(after?.[2] ?? '');
  });
});
