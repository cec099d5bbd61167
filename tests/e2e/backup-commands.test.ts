import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { ON_A_FREE_PORT, startTestServer, type TestServer } from '../support/server';

// The commands of docs/backup.md as cron calls them: processes of their own, beside a server that runs.

const CLI = resolve(import.meta.dir, '../../src/cli.ts');
let server: TestServer;
let seller: SellerClient;
let folder: string;
let identity = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-backups-'));
  server = await startTestServer({ BACKUP_DIR: folder });
  seller = await aSeller(server);
  for (const seed of [1, 2]) await seller.upload([await photo({ seed })]);
}, 180_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function cli(argv: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, CLI, ...argv], {
    env: {
      ...ON_A_FREE_PORT,
      PATH: process.env.PATH ?? '',
      DATABASE_URL: server.db.url,
      DATA_DIR: server.dataDir,
      MIGRATE_ON_START: 'false',
      BACKUP_DIR: folder,
      ...(identity === '' ? {} : { BACKUP_ENCRYPTION_IDENTITY: identity }),
      ...env,
    },
    cwd: tmpdir(),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

describe('an operator’s command of backups', () => {
  test('makes a key, a backup with it, and verifies it', async () => {
    const key = await cli(['backup', 'key']);
    identity = key.stdout.trim();
    expect(identity).toStartWith('AGE-SECRET-KEY-1');
    const { code, stdout, stderr } = await cli(['backup', 'create', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const made = JSON.parse(stdout);
    expect(made).toMatchObject({ task: 'backup', outcome: 'ok', counts: { objects_absent: 0 } });
    expect(made.counts.objects_sent).toBeGreaterThanOrEqual(2);
    const verified = await cli(['backup', 'verify', made.backup, '--json']);
    expect([verified.code, JSON.parse(verified.stdout).outcome]).toEqual([0, 'ok']);
    expect((await cli(['backup', 'verify', '--sample', '0.5'])).code).toBe(0);
    const [listed] = (await cli(['backup', 'list', '--json'])).stdout.trim().split('\n');
    expect(JSON.parse(listed!)).toMatchObject({ id: made.backup, encryption: 'age', verified_at: expect.any(String) });
  }, 180_000);

  test('prunes, and says before what it would do', async () => {
    const dry = await cli(['backup', 'prune', '--dry-run', '--json']);
    expect([dry.code, JSON.parse(dry.stdout).counts]).toMatchObject([0, { backups_kept: 1, backups_would_go: 0 }]);
    expect((await cli(['backup', 'prune'])).code).toBe(0);
  }, 180_000);

  test('exits with 2 where rows name what is not there, and with 1 where it fails, saying why', async () => {
    const [row] = await server.db.sql<{ key: string }>(
      "select substring(original_s3_url from '^s3://[^/]+/(.*)$') as key from product_images",
    );
    await server.container.storage.store.deleteMany([row!.key as never]);
    await rm(join(folder, 'objects/intellipost-backups/objects'), { recursive: true });
    const found = await cli(['backup', 'create', '--json']);
    expect([found.code, found.stderr]).toEqual([2, expect.stringContaining('1 objects that rows name are missing')]);
    const keyless = await cli(['backup', 'list'], { BACKUP_ENCRYPTION_IDENTITY: '' });
    expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('neither BACKUP_ENCRYPTION_IDENTITY')]);
    const nowhere = await cli(['backup', 'create'], { BACKUP_DIR: '' });
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('there is no target for backups')]);
    expect((await cli(['backup', 'verify', 'the-newest'])).code).toBe(64);
    expect((await cli(['backup', 'verify', '--sample', '2'])).code).toBe(64);
  }, 180_000);

  test('is seen by /metrics and /readyz of the server', async () => {
    const ready = (await (await fetch(`${server.url}/readyz`)).json()) as { details: { last_success: object } };
    expect(Object.keys(ready.details.last_success).sort()).toEqual(['backup', 'backup_prune', 'backup_verify']);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/maintenance_last_run_timestamp_seconds\{task="backup",outcome="ok"\} \d{10}/);
  });
});
