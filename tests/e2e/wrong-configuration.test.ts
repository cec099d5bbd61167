import { describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyDatabase } from '../support/postgres';
import { failedStart } from '../support/server-process';

describe('a start with a wrong configuration', () => {
  test('ends with code 1, naming every wrong variable at once with what it got and may be, and no secret', async () => {
    const ended = await failedStart({
      PORT: 'http',
      LOG_LEVEL: 'loud',
      MAX_IMAGES: '0',
      ALLOW_EMBEDDED: 'maybe',
      JWT_SECRET: 'hunter2-too-short',
      DATABASE_URL: 'mysql://root:hunter3@localhost/shop',
      S3_ENDPOINT_URL: 'localhost:9000',
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toBe('');
    const lines = ended.stderr.split('\n');
    const line = (name: string) => lines.find((text) => text.trim().startsWith(`${name}:`));
    expect(line('PORT')).toContain('got "http"; it may be a whole number from 0 to 65535');
    expect(line('LOG_LEVEL')).toContain('got "loud"; it may be trace, debug');
    expect(line('MAX_IMAGES')).toContain('got "0"; it may be a whole number from 1 to 100');
    expect(line('ALLOW_EMBEDDED')).toContain('got "maybe"; it may be true or false');
    expect(line('JWT_SECRET')).toContain('32 characters');
    expect(line('DATABASE_URL')).toContain('postgres://');
    expect(line('S3_ENDPOINT_URL')).toContain('got "localhost:9000"');
    expect(ended.stderr).not.toMatch(/hunter|stack|\.ts/);
  }, 30_000);

  test('of production names all that is safe on a developer’s machine alone', async () => {
    const ended = await failedStart({ NODE_ENV: 'production' });
    expect(ended.exitCode).toBe(1);
    for (const name of ['DATABASE_URL', 'S3_BUCKET_NAME', 'JWT_SECRET', 'CREDENTIALS_KEY', 'TLS_CERT_FILE']) {
      expect(ended.stderr).toContain(`${name}: got nothing`);
    }
  }, 30_000);
});

describe('a start that fails later', () => {
  test('for a database that is not there ends with code 1, and its password is not shown', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'test-no-database-'));
    const DATABASE_URL = 'postgres://shop:hunter4@127.0.0.1:1/shop';
    const ended = await failedStart({ DATABASE_URL, DATA_DIR: dataDir, LOG_LEVEL: 'trace' });
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout + ended.stderr).toContain('ECONNREFUSED');
    expect(ended.stdout + ended.stderr).not.toContain('hunter4');
    await rm(dataDir, { recursive: true, force: true });
  }, 30_000);

  test('for want of migrations says which command makes them, and leaves no temporary folder', async () => {
    const database = await emptyDatabase();
    const dataDir = await mkdtemp(join(tmpdir(), 'test-not-migrated-'));
    const ended = await failedStart({ DATABASE_URL: database.url, DATA_DIR: dataDir, MIGRATE_ON_START: 'false' });
    expect([ended.exitCode, ended.stderr]).toEqual([1, expect.stringContaining('bun run cli migrate')]);
    expect(await readdir(dataDir)).toEqual([]);
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  }, 30_000);
});
