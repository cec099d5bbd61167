import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { testDatabase } from '../support/postgres';
import { ON_A_FREE_PORT, until } from '../support/server';

const MAIN = resolve(import.meta.dir, '../../src/main.ts');

test('Ctrl-C in the terminal of `bun start` reaches the server twice, and it stops as after one', async () => {
  const db = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'test-ctrl-c-'));
  await Bun.write(
    join(folder, 'package.json'),
    JSON.stringify({ scripts: { start: `exec "${process.execPath}" "${MAIN}"` } }),
  );
  const { PATH = '', HOME = '' } = process.env;
  const child = Bun.spawn([process.execPath, 'start'], {
    cwd: folder,
    env: { PATH, HOME, ...ON_A_FREE_PORT, DATABASE_URL: db.url, DATA_DIR: folder },
    detached: true, // a process group of its own, as a terminal gives to what runs in it
    stdout: 'pipe',
    stderr: 'ignore',
  });
  let said = '';
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
  })();
  await until(() => said.includes('Ctrl-C stops'), 'the server listens', 60_000);
  process.kill(-child.pid, 'SIGINT');
  expect(await child.exited).toBe(0);
  await read;
  expect(said).toContain('"requests_cut_off":0,"msg":"stopped"');
  await db.drop();
  await rm(folder, { recursive: true, force: true });
}, 90_000);
