import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, FoundSomething, UsageError } from '../../src/cli/command';
import { COMMANDS, helpText, runCommand } from '../../src/cli/run-command';
import { loadSettings, type Settings } from '../../src/config/load';
import { authenticatedPrincipal } from '../../src/kernel/authenticated-principal';
import type { UserId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { silentLog } from '../support/log';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct } from '../support/products-fixture';

let db: TestDatabase;
let settings: Settings;
let dataDir: string;

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-cli-'));
  settings = loadSettings({ DATABASE_URL: db.url, DATA_DIR: dataDir, MIGRATE_ON_START: 'false' });
});
afterAll(async () => {
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function cli(...argv: string[]): Promise<string[]> {
  const lines: string[] = [];
  await runCommand(argv, settings, silentLog, (line) => lines.push(line));
  return lines;
}

async function aSellersProduct() {
  const [row] = await db.sql<{ id: UserId }>('select id from users limit 1');
  const seller = authenticatedPrincipal({ userId: row!.id, role: 'seller' }) as Seller;
  return await aProduct(db, seller, { images: 1 });
}

describe('an operator', () => {
  test('makes accounts of every role, lists them, and sets a new password', async () => {
    const [made] = await cli('user', 'create', '--role', 'worker', '--email', 'W@example.com');
    const account = JSON.parse(made ?? '');
    expect(account).toMatchObject({ email: 'w@example.com', role: 'worker' });
    expect((await cli('user', 'list')).map((line) => JSON.parse(line).email)).toContain('w@example.com');
    const [changed] = await cli('user', 'password', '--email', 'w@example.com');
    expect(JSON.parse(changed ?? '').password).not.toBe(account.password);
  });

  test('gets an access token on the last line', async () => {
    for (const argv of [
      ['--role', 'admin'],
      ['--email', 'w@example.com'],
    ]) {
      expect((await cli('token', ...argv)).at(-1)).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/);
    }
  });

  test.each([
    'retention dry-run',
    'sweep now please',
    'scrub all',
    'audit relase products/a',
    'store check https://shop.example',
    'backup restore objekts',
    'backup verify ../x',
  ])('that writes “%s”, which means nothing, is told so, and nothing is done', async (typed) => {
    const runs = () => db.sql('select id from maintenance_runs');
    const before = await runs();
    await expect(cli(...typed.split(' '))).rejects.toBeInstanceOf(UsageError);
    expect(await runs()).toEqual(before);
  });

  test('sweeps, and reads what was done', async () => {
    await db.sql(
      "insert into intents (kind, prefix, state, expires_at) values ('upload', 'products/x/y/', 'open', now())",
    );
    const [report] = await cli('sweep', '--json');
    const drained = { expired: 1, drained: 1, repeated: 0, buried: 0, refused: 0 };
    expect(JSON.parse(report ?? '')).toMatchObject({ task: 'sweep', outcome: 'ok', counts: drained });
    expect(await cli('sweep')).toContainEqual(expect.stringMatching(/^repeated +1$/));
  });

  test('leads a product along its lifecycle, under the name of operator', async () => {
    const [row] = await db.sql<{ id: UserId }>('select id from users limit 1');
    const seller = authenticatedPrincipal({ userId: row!.id, role: 'seller' }) as Seller;
    const { id } = await aProduct(db, seller, { status: 'processing' });
    expect(JSON.parse((await cli('product', 'status', id, 'FAIL', '--reason', 'by hand'))[0] ?? '')).toEqual({
      id,
      status: 'failed',
    });
    const [last] = await db.sql('select * from product_status_history where product_id = $1 order by id desc limit 1', [
      id,
    ]);
    expect(last).toMatchObject({ event: 'FAIL', actor: 'operator', reason: 'by hand' });
    await expect(cli('product', 'status', id, 'PUBLISH')).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
  });

  test('holds a product and releases it, with a reason', async () => {
    const { id } = await aSellersProduct();
    const held = () => db.sql('select legal_hold from products where id = $1', [id]);
    expect(await cli('product', 'hold', id, '--reason', 'case 1')).toEqual([`{"id":"${id}","legal_hold":true}`]);
    expect(await held()).toEqual([{ legal_hold: true }]);
    await cli('product', 'release', id, '--reason', 'closed');
    expect(await held()).toEqual([{ legal_hold: false }]);
  });

  test('scrubs, and is told what is not as it should be', async () => {
    await db.sql('delete from products');
    expect(await cli('scrub')).toContainEqual(expect.stringMatching(/^rounds +1$/));
    await aSellersProduct(); // its rows name a bucket that this store knows nothing of
    await expect(cli('scrub', '--all', '--json')).rejects.toThrow(FoundSomething);
    await expect(cli('scrub', '--bytes', '1000')).rejects.toThrow('1 objects are not as they were stored');
    await expect(cli('scrub', '--bytes', '1e3')).rejects.toThrow(UsageError);
  });

  test('sees on a terminal how far the scrub has come, and nothing of it elsewhere', async () => {
    await db.sql('delete from products');
    await aSellersProduct();
    for (const isTTY of [true, false]) {
      const [shown, printed]: [string[], string[]] = [[], []];
      const terminal = { isTTY, columns: 100, write: (text: string) => shown.push(text) };
      const print = (line: string) => printed.push(line);
      await expect(runCommand(['scrub', '--all', '--json'], settings, silentLog, print, terminal)).rejects.toThrow();
      expect(shown.some((text) => text.includes('100 %  1 of 1 images'))).toBe(isTTY);
      expect(printed.map((line) => JSON.parse(line).task)).toEqual(['scrub']);
    }
  });

  test.each([['sweep'], ['retention'], ['retention --dry-run']])(
    'sees on a terminal how far %s is, by its steps',
    async (command) => {
      for (const isTTY of [true, false]) {
        const shown: string[] = [];
        const terminal = { isTTY, columns: 100, write: (text: string) => shown.push(text) };
        await runCommand(command.split(' '), settings, silentLog, () => undefined, terminal);
        expect(shown.some((text) => / 0 % {2}0 of \d+ steps/.test(text))).toBe(isTTY);
      }
    },
  );

  test('is told where a row names what is to be deleted', async () => {
    const { id } = await aSellersProduct();
    await db.sql(
      "update product_images set original_s3_url = 's3://intellipost-images/products/held' where product_id = $1",
      [id],
    );
    await db.sql(
      "insert into intents (kind, prefix, state, expires_at) values ('delete', 'products/held', 'draining', now())",
    );
    await expect(cli('sweep')).rejects.toThrow('Rows name objects that are to be deleted');
    await db.sql("delete from intents where prefix = 'products/held'");
  });

  test('reads what was done although some of it failed', async () => {
    const spoilt = ['upload', '../outside', 'draining'];
    await db.sql('insert into intents (kind, prefix, state, expires_at) values ($1, $2, $3, now())', spoilt);
    const lines: string[] = [];
    const sweeping = runCommand(['sweep', '--json'], settings, silentLog, (line) => lines.push(line));
    await expect(sweeping).rejects.toThrow('failed: drain; everything else was done');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ outcome: 'failed', counts: { sessions: 0 } }]);
    await db.sql("delete from intents where prefix = '../outside'");
  });

  test('is told that the task runs already', async () => {
    const lock = "hashtextextended('intellipost maintenance retention', 0)";
    await db.sql(`select pg_advisory_lock(${lock})`);
    await expect(cli('retention')).rejects.toThrow(CommandFailed);
    await db.sql(`select pg_advisory_unlock(${lock})`);
    expect(await cli('retention')).toContainEqual(expect.stringMatching(/^events +0$/));
  });

  test('reads the ages that hold, and the last runs', async () => {
    const [ages] = await cli('retention', '--dry-run', '--json');
    expect(JSON.parse(ages ?? '')).toEqual({ kind: 'failed_products', age: 'kept for ever', would_go: 0 });
    const [run, ...more] = await cli('maintenance', 'runs', '--task', 'retention', '--last', '1', '--json');
    expect(JSON.parse(run ?? '')).toMatchObject({ task: 'retention (dry run)', outcome: 'ok', error: null });
    expect(more).toEqual([]);
    await expect(cli('maintenance', 'runs', '--last', '0')).rejects.toThrow(UsageError);
  });

  test('migrates', async () => {
    expect(await cli('migrate')).toHaveLength(1);
  });

  test.each([
    ['nothing', 'known'],
    ['token'],
    ['token', '--role', 'king'],
    ['token', '--rank', 'worker'],
    ['user', 'password'],
    ['product', 'status', 'no-id', 'FAIL'],
    ['product', 'status', Bun.randomUUIDv7(), 'EXPLODE'],
    ['product', 'hold', Bun.randomUUIDv7()],
  ] as string[][])('is told how to call %s %s %s', async (...argv) => {
    const words = argv.filter((word) => typeof word === 'string');
    await expect(cli(...words)).rejects.toThrow(UsageError);
  });

  test('finds every command in the help', () => {
    for (const { usage } of Object.values(COMMANDS)) expect(helpText()).toContain(usage);
  });
});
