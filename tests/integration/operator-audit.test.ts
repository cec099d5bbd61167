import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { recorded } from '../../src/cli/recorded';
import { COMMANDS, runCommand } from '../../src/cli/run-command';
import { loadSettings, type Settings } from '../../src/config/load';
import { newId, type ProductId } from '../../src/kernel/ids';
import { operatorsModule } from '../../src/modules/operators';
import { silentLog } from '../support/log';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aProduct, aUser } from '../support/products-fixture';

const PASSWORD = 'a password of this test';
const USER = Bun.spawnSync(['id', '-un']).stdout.toString().trim();
const EMAIL = 'operated@example.com';

let db: TestDatabase;
let folder: string;
let settings: Settings;
let product: ProductId;

beforeAll(async () => {
  db = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'test-operators-'));
  settings = loadSettings({
    DATABASE_URL: db.url,
    DATA_DIR: join(folder, 'data'),
    MIGRATE_ON_START: 'false',
    BACKUP_DIR: join(folder, 'backups'),
  });
  product = (await aProduct(db, await aUser(db), { images: 1 })).id;
}, 60_000);
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

/** How each command that changes something is called. One that is missing here fails the first test below. */
const CALLS: Readonly<Record<string, () => readonly string[]>> = {
  migrate: () => [],
  'user create': () => ['--role', 'seller', '--email', EMAIL, '--password', PASSWORD],
  'user password': () => ['--email', EMAIL, '--password', `${PASSWORD}!`],
  token: () => ['--role', 'worker'],
  sweep: () => [],
  scrub: () => ['--bytes', '1000'],
  retention: () => ['--dry-run'],
  audit: () => ['--act'],
  'audit release': () => ['products/none/of/these/original.jpg'],
  'backup create': () => [],
  'backup verify': () => [],
  'backup prune': () => ['--dry-run'],
  'backup key': () => [],
  'backup drill': () => [],
  'backup restore': () => [],
  'backup restore objects': () => [],
  'backup restore product': () => [product],
  'maintenance hold': () => ['--reason', 'for this test'],
  'maintenance resume': () => [],
  'maintenance recovered': () => ['--reason', 'for this test'],
  'credentials rotate': () => [],
  'product status': () => [product, 'FAIL', '--reason', 'for this test'],
  'product hold': () => [product, '--reason', 'for this test'],
  'product release': () => [product, '--reason', 'for this test'],
  'store migrate': () => ['--to', 's3'],
};

async function cli(...argv: string[]): Promise<{ lines: string[]; error: unknown }> {
  const lines: string[] = [];
  const running = runCommand(argv, settings, silentLog, (line) => lines.push(line));
  return { lines, error: await running.then(() => null).catch((thrown: unknown) => thrown) };
}

interface Line {
  readonly act: string;
  readonly outcome: string;
  readonly actor: string;
  readonly target: string | null;
  readonly details: unknown;
  readonly error: string | null;
}

async function linesSince(id: number): Promise<Line[]> {
  return await db.sql<Line>('select * from operator_audit where id > $1 order by id', [id]);
}

async function lastId(): Promise<number> {
  const [row] = await db.sql<{ id: number }>('select coalesce(max(id), 0)::int as id from operator_audit');
  return row?.id ?? 0;
}

describe('every command that changes something', () => {
  test('is called below', () => {
    const changing = Object.entries(COMMANDS).filter(([, { access }]) => access === 'changes');
    expect(changing.map(([name]) => name).sort()).toEqual(Object.keys(CALLS).sort());
  });

  for (const [name, argv] of Object.entries(CALLS)) {
    test(`${name} is written down before it begins and when it has ended, with who, what and how`, async () => {
      const before = await lastId();
      const { error } = await cli(...name.split(' '), ...argv());
      const [begun, ended, ...more] = await linesSince(before);
      expect(more).toEqual([]);
      const who = { command: name, actor: `${USER}@${hostname()}`, source: 'cli' };
      expect(begun).toMatchObject({ ...who, outcome: 'begun', error: null });
      expect(ended).toMatchObject({ ...who, act: begun!.act, details: begun!.details as object });
      expect(ended?.outcome === 'done').toBe(error === null);
      expect(ended?.error).toBe(error === null ? null : (error as Error).message);
    }, 30_000);
  }

  test('names what it was done to, and its arguments without the secrets', async () => {
    const acts = await operatorsModule({ database: db.database }).recent(null, 100);
    const of = (command: string) => acts.find((act) => act.command === command);
    const [account] = await db.sql<{ id: string }>('select id from users where email = $1', [EMAIL]);
    expect(of('user create')?.target).toBe(account!.id);
    expect(of('user password')).toMatchObject({
      target: EMAIL,
      details: { options: { email: EMAIL, password: '[redacted]' } },
    });
    expect(of('product hold')).toMatchObject({ target: product, details: { options: { reason: 'for this test' } } });
    expect(of('retention')?.details).toMatchObject({ flags: ['dry-run'] });
    const [all] = await db.sql<{ text: string }>("select string_agg(t::text, ' ') as text from operator_audit t");
    expect(all?.text).not.toContain(PASSWORD);
    expect(all?.text).not.toMatch(/ey[\w-]+\.[\w-]+\.[\w-]+/);
  });
});

test('commands that only read leave no line', async () => {
  const before = await lastId();
  for (const [name, { access }] of Object.entries(COMMANDS)) if (access === 'reads') await cli(...name.split(' '));
  expect(await linesSince(before)).toEqual([]);
}, 30_000);

test('operators read who did what, the last first, with how it ended', async () => {
  await cli('product', 'hold', product, '--reason', 'read');
  await cli('product', 'status', product, 'PUBLISH');
  const { lines } = await cli('operators', 'log', '--last', '2', '--json');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      command: 'product status',
      target: product,
      outcome: 'failed',
      error: expect.stringContaining('does not take PUBLISH'),
    },
    { command: 'product hold', target: product, outcome: 'done', error: null },
  ]);
  const { lines: some } = await cli('operators', 'log', '--command', 'user create', '--json');
  expect(some.map((line) => JSON.parse(line).command)).toEqual(['user create']);
  expect((await cli('operators', 'log', '--last', 'x')).error).toMatchObject({ name: 'UsageError' });
  await cli('product', 'release', product, '--reason', 'read');
});

describe('a command', () => {
  const audit = () => operatorsModule({ database: db.database });
  const given = { words: [], options: {}, flags: new Set<string>() };

  test('whose process dies shows as begun, and as nothing more', async () => {
    void recorded(audit(), silentLog, 'dies', given, () => new Promise(() => undefined));
    const seen = async () => (await audit().recent('dies', 1))[0];
    while (!(await seen())) await Bun.sleep(10);
    expect(await seen()).toMatchObject({ outcome: null, endedAt: null });
  });

  test('that can’t be written down is not begun', async () => {
    let ran = false;
    const broken = { ...audit(), begin: () => Promise.reject(new Error('no database')) };
    const running = recorded(broken, silentLog, 'x', given, async () => {
      ran = true;
    });
    await expect(running).rejects.toThrow('no database');
    expect(ran).toBe(false);
  });

  test('whose end can’t be written down fails with its own error, and with that one where it had none', async () => {
    const broken = { ...audit(), end: () => Promise.reject(new Error('no database')) };
    const errors: object[] = [];
    const log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
    const failing = recorded(broken, log, 'x', given, () => Promise.reject(new Error('its own')));
    await expect(failing).rejects.toThrow('its own');
    expect(errors).toHaveLength(1);
    await expect(recorded(broken, log, 'x', given, async () => undefined)).rejects.toThrow('no database');
  });

  test('is kept whatever its words are', async () => {
    const odd = { ...given, words: [`nul\0 and half \ud83d of it ${'x'.repeat(1000)}`] };
    await recorded(audit(), silentLog, 'odd', odd, async () => undefined);
    expect((await audit().recent('odd', 1))[0]).toMatchObject({ outcome: 'done', actor: expect.any(String) });
  });
});

describe('the record', () => {
  test.each([
    ['changed', 'update operator_audit set outcome = outcome'],
    ['deleted while it is young', 'delete from operator_audit'],
    ['emptied', 'truncate operator_audit'],
  ])('is not %s, not even by the owner’s or a superuser’s slip', async (_, sql) => {
    await audit();
    await expect(db.sql(sql)).rejects.toThrow('only added to');
  });

  const audit = async () =>
    operatorsModule({ database: db.database }).record({
      actor: newId(),
      source: 'api',
      command: 'x',
      target: null,
      details: {},
    });
});
