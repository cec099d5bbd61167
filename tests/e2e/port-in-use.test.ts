import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '../support/postgres';
import { temporaryFolders } from '../support/server';
import { failedStart } from '../support/server-process';

test('a start on a port that is taken says so in one line, and leaves nothing', async () => {
  const db = await testDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'test-port-'));
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const { exitCode, stdout, stderr } = await failedStart({
    DATABASE_URL: db.url,
    DATA_DIR: dataDir,
    PORT: String(other.port),
  });
  const said = `Port ${other.port} is in use: stop what listens there, or set PORT to another one.\n`;
  expect([exitCode, stdout, stderr]).toEqual([1, '', said]);
  expect(await temporaryFolders(dataDir)).toEqual([]);
  await other.stop(true);
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);
