import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CommandFailed } from '../../src/cli/command';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import { keptSecrets } from '../../src/container/kept-secrets';
import type { UserId } from '../../src/kernel/ids';
import { aesEnvelope } from '../../src/modules/credentials/infrastructure/aes-envelope';
import { keyRing } from '../../src/modules/credentials/infrastructure/key-ring';
import { postgresSealedCredentials } from '../../src/modules/credentials/infrastructure/postgres-sealed-credentials';
import { silentLog } from '../support/log';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aUser } from '../support/products-fixture';
import { until } from '../support/server';

const [OLD, NEW] = ['the-old-key-of-these-tests-0123456789', 'the-new-key-of-these-tests-0123456789'];
const CLI = resolve(import.meta.dir, '../../src/cli.ts');

let db: TestDatabase;
let dataDir: string;
let environment: Record<string, string>;

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-rotate-'));
  environment = {
    DATABASE_URL: db.url,
    DATA_DIR: dataDir,
    MIGRATE_ON_START: 'false',
    CREDENTIALS_KEY: NEW,
    CREDENTIALS_KEYS_PREVIOUS: OLD,
  };
}, 60_000);
afterAll(async () => {
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => db.sql('delete from users'));

const of = (userId: UserId) => ({ userId, provider: 'mercadolibre' }) as const;

/** So many sellers whose rows the old key wraps. */
async function sealed(sellers: number): Promise<void> {
  const envelope = aesEnvelope(keyRing([OLD]));
  const made = await db.sql<{ id: UserId }>(
    `insert into users (id, email, password_hash)
     select gen_random_uuid(), n || '@example.com', 'none' from generate_series(1, $1) n returning id`,
    [sellers],
  );
  const rows = made.map(({ id }) => ({ id, ...envelope.seal(of(id), `account of ${id}`) }));
  await db.sql(
    `insert into seller_credentials (user_id, provider, key_id, wrapped_key, sealed)
     select u, 'mercadolibre', $2, w, s from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as t (u, w, s)`,
    [
      rows.map(({ id }) => id),
      envelope.currentKeyId,
      rows.map(({ wrappedKey }) => wrappedKey),
      rows.map(({ sealed: text }) => text),
    ],
  );
}

/** How many rows this key, and no other, opens. */
async function openedBy(secret: string): Promise<number> {
  const envelope = aesEnvelope(keyRing([secret]));
  const rows = await db.sql<{ user_id: UserId; key_id: string; wrapped_key: Buffer; sealed: Buffer }>(
    'select * from seller_credentials',
  );
  return rows.filter(({ user_id, key_id, wrapped_key, sealed: text }) => {
    if (key_id !== envelope.currentKeyId) return false;
    const opened = envelope.open(of(user_id), { keyId: key_id, wrappedKey: wrapped_key, sealed: text });
    return opened === `account of ${user_id}`;
  }).length;
}

async function rotate(change: Record<string, string> = {}): Promise<unknown> {
  const lines: string[] = [];
  const settings = loadSettings({ ...environment, ...change });
  const running = runCommand(['credentials', 'rotate', '--json'], settings, silentLog, (line) => lines.push(line));
  await running.catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
  });
  return JSON.parse(lines.at(-1) ?? '');
}

const OTHERS_AT_WORK = `select 1 from pg_stat_activity where datname = current_database()
  and pid <> pg_backend_pid() and state <> 'idle' and query ilike '%seller_credentials%'`;

describe('credentials rotate', () => {
  test('wraps every row by the new key, after which the old one opens none; again it has nothing to do', async () => {
    await sealed(250);
    expect(await rotate()).toEqual({ rewrapped: 250, overtaken: 0, unreadable: 0, left: 0 });
    expect([await openedBy(NEW), await openedBy(OLD)]).toEqual([250, 0]);
    expect(await rotate({ CREDENTIALS_KEYS_PREVIOUS: '' })).toEqual({
      rewrapped: 0,
      overtaken: 0,
      unreadable: 0,
      left: 0,
    });
  }, 30_000);

  test('killed half way leaves every row whole, and goes on when it is called again', async () => {
    await sealed(2000);
    const child = Bun.spawn([process.execPath, CLI, 'credentials', 'rotate'], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      cwd: tmpdir(),
      stdout: 'ignore',
      stderr: 'ignore',
    });
    const byOld = `key_id = '${aesEnvelope(keyRing([OLD])).currentKeyId}'`;
    const count = async () =>
      (await db.sql<{ n: number }>(`select count(*)::int as n from seller_credentials where ${byOld}`))[0]?.n ?? 0;
    await until(async () => (await count()) < 1950, 'it has begun', 30_000);
    child.kill('SIGKILL');
    await child.exited;
    // what it had asked for when it died may still be done
    await until(
      async () => (await db.sql(OTHERS_AT_WORK)).length === 0,
      'the database has seen that it is gone',
      30_000,
    );
    const left = await count();
    expect(left).toBeGreaterThan(0);
    expect([await openedBy(OLD), await openedBy(NEW)]).toEqual([left, 2000 - left]);
    expect(await rotate()).toMatchObject({ rewrapped: left, left: 0 });
    expect(await openedBy(NEW)).toBe(2000);
  }, 60_000);

  test('leaves what does not open as it is, says so, and does the rest', async () => {
    await sealed(5);
    await db.sql(
      "update seller_credentials set wrapped_key = '\\x00' where user_id = (select user_id from seller_credentials limit 1)",
    );
    expect(await rotate()).toEqual({ rewrapped: 4, overtaken: 0, unreadable: 1, left: 1 });
    expect(await rotate({ CREDENTIALS_KEYS_PREVIOUS: '' })).toMatchObject({ rewrapped: 0, unreadable: 1, left: 1 });
  });

  test('without the old key changes nothing', async () => {
    await sealed(3);
    expect(await rotate({ CREDENTIALS_KEYS_PREVIOUS: '' })).toEqual({
      rewrapped: 0,
      overtaken: 0,
      unreadable: 3,
      left: 3,
    });
    expect(await openedBy(OLD)).toBe(3);
  });

  test('never writes over what a seller has connected meanwhile', async () => {
    const { userId } = await aUser(db);
    const store = postgresSealedCredentials(db.database.orm);
    const [old, both] = [aesEnvelope(keyRing([OLD])), aesEnvelope(keyRing([NEW, OLD]))];
    const before = old.seal(of(userId), 'before');
    await store.put(of(userId), before);
    await store.put(of(userId), old.seal(of(userId), 'meanwhile'));
    expect(await store.replaceWrapping(of(userId), before, both.rewrap(of(userId), before))).toBe(false);
    const kept = await store.find(of(userId));
    expect(kept && old.open(of(userId), kept)).toBe('meanwhile');
  });
});

describe('the key', () => {
  test('is made once under DATA_DIR where none is configured, for its owner alone', async () => {
    const settings = loadSettings({ DATA_DIR: dataDir });
    const [one, two] = [await keptSecrets(settings), await keptSecrets(settings)];
    expect(one.credentials).toHaveLength(1);
    expect(two).toEqual(one);
    expect((await stat(join(dataDir, 'credentials-key'))).mode & 0o777).toBe(0o600);
  });

  test('comes from a file, with earlier ones below it', async () => {
    const path = join(dataDir, 'keys');
    await writeFile(path, `${NEW}\r\n${OLD}\n\n`);
    expect((await keptSecrets(loadSettings({ DATA_DIR: dataDir, CREDENTIALS_KEY_FILE: path }))).credentials).toEqual([
      NEW,
      OLD,
    ]);
  });

  test.each([
    ['is not there', null],
    ['is empty', '\n'],
    ['holds a short one', `${NEW}\nshort-secret`],
  ])('whose file %s stops the start, and is not shown', async (what, text) => {
    const path = join(dataDir, what);
    if (text !== null) await writeFile(path, text);
    const refusal = keptSecrets(loadSettings({ DATA_DIR: dataDir, CREDENTIALS_KEY_FILE: path })).catch(String);
    expect(await refusal).toStartWith('ConfigError: The configuration is wrong:\n  CREDENTIALS_KEY_FILE');
    expect(await refusal).not.toContain('short-secret');
  });
});
