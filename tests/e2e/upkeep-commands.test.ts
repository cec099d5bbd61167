import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { ON_A_FREE_PORT, startTestServer, type TestServer } from '../support/server';

// The commands as cron calls them: processes of their own, on the database and the store of a server that runs.

const CLI = resolve(import.meta.dir, '../../src/cli.ts');
let server: TestServer;
let seller: SellerClient;

beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
}, 60_000);
afterAll(() => server.stop());

async function cli(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, CLI, ...argv], {
    env: {
      ...ON_A_FREE_PORT,
      PATH: process.env.PATH ?? '',
      DATABASE_URL: server.db.url,
      DATA_DIR: server.dataDir,
      MIGRATE_ON_START: 'false',
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

async function keyOfAPhoto(): Promise<{ id: string; key: ObjectKey }> {
  const response = await seller.upload([await photo({ seed: 5 })]);
  const { id } = (await response.json()) as { id: string };
  const [row] = await server.db.sql<{ key: ObjectKey }>(
    "select substring(original_s3_url from '^s3://[^/]+/(.*)$') as key from product_images where product_id = $1",
    [id],
  );
  return { id, key: row!.key };
}

describe('an operator’s command of upkeep', () => {
  test('exits with 0 when it has done its work, and its answer is one line of JSON', async () => {
    const { code, stdout, stderr } = await cli('sweep', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ task: 'sweep', outcome: 'ok', counts: { drained: 0, sessions: 0 } });
  }, 30_000);

  test('exits with 1 while another process does the same', async () => {
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const running = server.container.maintenance.runTask('sweep', { dryRun: false }, async () => {
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    const { code, stdout, stderr } = await cli('sweep', '--json');
    end.resolve();
    await running;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('sweep runs already');
  }, 30_000);

  test('exits with 2 when a scrub found damage, and the seller sees it on REST and tRPC', async () => {
    const { id, key } = await keyOfAPhoto();
    expect((await cli('scrub', '--all')).code).toBe(0);
    const { path } = (await (server.container.storage.store as never as Located).locate(key))!;
    await Bun.write(path, (await Bun.file(path).bytes()).with(500, 7));
    const { code, stdout, stderr } = await cli('scrub', '--all', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'ok', counts: { damaged: 1, rounds: 1 } });
    expect(stderr).toContain('1 objects are not as they were stored');
    expect(stderr).not.toContain('█');
    const rest = (await (await seller.call('GET', `/api/products/${id}`)).json()) as Shown;
    expect(rest.images.map(({ damaged }) => damaged)).toEqual([true]);
    const input = encodeURIComponent(JSON.stringify({ id }));
    const trpc = (await (await seller.call('GET', `/trpc/products.get?input=${input}`)).json()) as {
      result: { data: Shown };
    };
    expect(trpc.result.data.images.map(({ damaged }) => damaged)).toEqual([true]);
  }, 60_000);

  test('exits with 64 when it is called wrongly', async () => {
    expect((await cli('scrub', '--bytes', 'many')).code).toBe(64);
    expect((await cli('maintenance', 'runs', '--last', '0')).code).toBe(64);
  }, 30_000);

  test('shows the ages that hold, and what would go', async () => {
    const { code, stdout } = await cli('retention', '--dry-run');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual(
      expect.arrayContaining([
        ['kind', 'age', 'would_go'],
        ['failed_products', 'kept for ever', '0'],
        ['events', '30 days', '0'],
      ]),
    );
  }, 30_000);

  test('is among the last runs afterwards', async () => {
    await cli('retention');
    const { stdout } = await cli('maintenance', 'runs', '--json', '--last', '50');
    const runs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(runs[0]).toMatchObject({ task: 'retention', outcome: 'ok', error: null });
    expect(runs.map(({ task }) => task)).toContain('retention (dry run)');
    const table = (await cli('maintenance', 'runs', '--task', 'scrub')).stdout;
    expect(table).toMatch(/^id +task +started_at +ended_at +outcome +counts +error\n/);
    expect(table).not.toContain('retention');
  }, 60_000);

  test('tells its exit codes in the help', async () => {
    expect((await cli('--help')).stdout).toContain('Exit codes: 0 done, 1 failed, 2 done');
  }, 30_000);
});

type Located = { locate(key: ObjectKey): Promise<{ path: string } | null> };
type Shown = { images: { damaged?: boolean }[] };
