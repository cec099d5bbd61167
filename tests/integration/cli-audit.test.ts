import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { exists, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, exitCodeOf, FoundSomething, UsageError } from '../../src/cli/command';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings, type Settings } from '../../src/config/load';
import { buildContainer } from '../../src/container';
import { maintenanceSchedules } from '../../src/maintenance-schedules';
import { createMetrics } from '../../src/platform/telemetry/metrics';
import { silentLog } from '../support/log';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-cli-audit-'));
});
afterAll(async () => {
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.sql('delete from users; delete from maintenance_runs; delete from quarantined_objects');
  await rm(join(dataDir, 'objects'), { recursive: true, force: true });
  // a database that has served somebody
  await db.sql("insert into users (id, email, password_hash) values (gen_random_uuid(), 'rows@example.com', 'x')");
});

const settingsWith = (change: Record<string, string> = {}): Settings =>
  loadSettings({
    DATABASE_URL: db.url,
    DATA_DIR: dataDir,
    MIGRATE_ON_START: 'false',
    AUDIT_MIN_AGE_SECONDS: '0',
    ...change,
  });

/** @returns what was printed, and how it ended */
async function cli(argv: string[], change?: Record<string, string>) {
  const lines: string[] = [];
  const error = await runCommand(argv, settingsWith(change), silentLog, (line) => lines.push(line)).then(
    () => null,
    (refused: unknown) => refused as Error,
  );
  return { lines, error, code: error ? exitCodeOf(error) : 0 };
}

const pathOf = (key: string) => join(dataDir, 'objects/intellipost-images', key);

async function stray(): Promise<string> {
  const key = `products/${Bun.randomUUIDv7()}/${Bun.randomUUIDv7()}/original.jpg`;
  await Bun.write(pathOf(key), 'a stray object');
  return key;
}

/** Products of an image each that has no object, with nothing of what an upload would have checked. */
async function rows(count: number): Promise<void> {
  await db.sql(
    "insert into products (id, user_id, prompt_text) select gen_random_uuid(), id, 'A used bicycle' from users, generate_series(1, $1)",
    [count],
  );
  await db.sql(
    `insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format, resolution_width,
        resolution_height, position, is_primary)
      select gen_random_uuid(), id, format('s3://intellipost-images/products/%s/a/original.jpg', id), repeat('0', 64), 1, 'jpeg', 800, 600, 0, true
      from products`,
  );
}

describe('an operator', () => {
  test('audits, and learns by the exit code that there is nothing', async () => {
    const { lines, code } = await cli(['audit', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ task: 'audit', outcome: 'ok', dry_run: true });
  });

  test('is shown an orphan, which only --act moves, and gets it back', async () => {
    const key = await stray();
    const looked = await cli(['audit', '--json']);
    expect([looked.code, looked.error]).toEqual([2, expect.any(FoundSomething)]);
    expect(JSON.parse(looked.lines[0] ?? '')).toMatchObject({ counts: { objects: 1, orphan: 1 } });
    expect(await exists(pathOf(key))).toBe(true);

    expect((await cli(['audit', '--act', '--deep', '--fresh'])).code).toBe(2);
    expect(await exists(pathOf(key))).toBe(false);
    const listed = (await cli(['audit', 'list', '--json'])).lines.map((line) => JSON.parse(line));
    expect(listed).toMatchObject([
      { what: 'orphan', state: 'quarantined', key },
      { what: 'quarantined', state: 'held', key },
    ]);

    expect((await cli(['audit', 'release', key])).code).toBe(0);
    expect(await Bun.file(pathOf(key)).text()).toBe('a stray object');
    expect((await cli(['audit', 'release', key])).code).toBe(0);
    const after = (await cli(['audit', 'list', '--json'])).lines.map((line) => JSON.parse(line));
    expect(after).toContainEqual(expect.objectContaining({ what: 'quarantined', state: 'released', key }));
    const unknown = await cli(['audit', 'release', 'products/none']);
    expect([unknown.code, unknown.error]).toEqual([1, expect.any(CommandFailed)]);
  });

  test('sees on a terminal how far it is, and nothing of it is in the answer', async () => {
    await Promise.all(Array.from({ length: 1001 }, stray));
    const shown: string[] = [];
    const terminal = { isTTY: true, columns: 80, write: (text: string) => shown.push(text) };
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    const running = runCommand(['audit', '--json'], settingsWith(), silentLog, print, terminal);
    await expect(running).rejects.toThrow(FoundSomething);
    expect(shown.join('')).toContain('1000 objects'); // there is no row: nobody knows how many there will be
    expect(lines.map((line) => JSON.parse(line).counts.orphan)).toEqual([1001]);
  });

  test('sees how much of all that rows name has been compared', async () => {
    await rows(1500);
    const shown: string[] = [];
    const terminal = { isTTY: true, columns: 80, write: (text: string) => shown.push(text) };
    await runCommand(['audit'], settingsWith(), silentLog, () => undefined, terminal).catch(() => undefined);
    expect(shown.join('')).toContain('66 %  1000 of 1500 rows');
  });

  test('is told by the exit code, and by a sentence, of an object that can’t be read', async () => {
    await rows(1);
    const [product] = await db.sql<{ id: string }>('select id::text from products');
    await mkdir(pathOf('products'), { recursive: true });
    await symlink('nowhere', pathOf('products/nowhere'));
    await symlink('nowhere', pathOf(`products/${product?.id}`));
    const { code, error } = await cli(['audit']);
    expect([code, error]).toEqual([2, expect.any(FoundSomething)]);
    expect(error?.message).toBe('1 objects can’t be read, though their store answers; the log names them');
  });

  test('is told what would stop --act before it is tried, by the same words', async () => {
    await stray();
    const looked = await cli(['audit'], { AUDIT_BRAKE_MIN: '0' });
    expect(looked.code).toBe(2);
    expect(looked.error?.message).toContain('An audit that acts would be stopped: 1 of 1 objects have no row');
  });

  test('is shown the findings of the last audit that has ended while another is under way, and told so', async () => {
    const key = await stray();
    await cli(['audit']);
    await db.sql("insert into maintenance_runs (task, cursor) values ('audit', '{}')");
    const listed = (await cli(['audit', 'list', '--json'])).lines.map((line) => JSON.parse(line));
    expect(listed).toMatchObject([
      { what: 'audit', state: 'unfinished', why: expect.stringContaining('under way') },
      { what: 'orphan', state: 'found', key },
    ]);
  });

  test('is told of a missing object that lies in quarantine how it comes back', async () => {
    await rows(1);
    const [image] = await db.sql<{ key: string }>(
      "select substring(original_s3_url from '^s3://[^/]+/(.*)$') as key from product_images",
    );
    await db.sql(
      "insert into quarantined_objects (key, quarantine_key, file_size_bytes, state, reason) values ($1::text, 'quarantine/1/' || $1::text, 1, 'held', 'x')",
      [image?.key],
    );
    await cli(['audit']);
    const [missing] = (await cli(['audit', 'list', '--json'])).lines.map((line) => JSON.parse(line));
    expect(missing).toMatchObject({ what: 'missing', key: image?.key });
    expect(missing.why).toContain('it is in quarantine: bun run cli audit release');
  });

  test('is shown what the brake was pulled for', async () => {
    const key = await stray();
    await cli(['audit', '--act'], { AUDIT_BRAKE_MIN: '0' });
    const listed = (await cli(['audit', 'list', '--json'])).lines.map((line) => JSON.parse(line));
    expect(listed).toMatchObject([{ what: 'orphan', state: 'found', key }]);
  });

  test('releases everything at once, and is told what had to stay', async () => {
    const [free, taken] = [await stray(), await stray()];
    await cli(['audit', '--act']);
    await Bun.write(pathOf(taken), 'written since');
    const { lines, error, code } = await cli(['audit', 'release', '--all', '--json']);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ released: 1, refused: 1 });
    expect(code).toBe(1);
    expect(error?.message).toContain(`${taken} stays in quarantine: its key holds other bytes`);
    expect(await exists(pathOf(free))).toBe(true);
  });

  test('is told by the exit code when the brake has stopped it', async () => {
    const key = await stray();
    const { code, error } = await cli(['audit', '--act'], { AUDIT_BRAKE_MIN: '0' });
    expect([code, error]).toEqual([1, expect.any(CommandFailed)]);
    expect(error?.message).toContain('Nothing was touched');
    expect(await exists(pathOf(key))).toBe(true);
  });

  test.each([
    [['audit', '--act', '--dry-run']],
    [['audit', 'release']],
    [['audit', 'release', 'a', '--all']],
    [['audit', 'release', 'a/../b']],
  ])('is told how to call %p', async (argv) => {
    const { error } = await cli(argv);
    expect(error).toBeInstanceOf(UsageError);
  });
});

describe('the audit that runs by the clock', () => {
  test.each([
    ['false', true],
    ['true', false],
  ])('with AUDIT_ACT=%s leaves an orphan where it is: %p', async (act, stays) => {
    const key = await stray();
    const settings = settingsWith({ AUDIT_ACT: act });
    const container = await buildContainer({ settings, log: silentLog, metrics: createMetrics(), port: () => 0 });
    try {
      const works = maintenanceSchedules(container, settings, silentLog, new AbortController().signal);
      await works.find(({ queue }) => queue === 'audit')?.work();
      expect(await exists(pathOf(key))).toBe(stays);
      const [run] = await db.sql("select outcome, dry_run from maintenance_runs where task = 'audit'");
      expect(run).toEqual({ outcome: 'ok', dry_run: false });
    } finally {
      await container.close();
    }
  });
});
