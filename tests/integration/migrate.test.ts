import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Client } from 'pg';
import {
  knownSchemaVersions,
  migrate,
  migrateUpTo,
  requireCurrentSchema,
  SchemaMismatch,
  schemaState,
} from '../../src/platform/database/migrate';
import { RESTORE_LOCK } from '../../src/platform/database/restore-marker';
import { emptyDatabase, openTestDatabase } from '../support/postgres';

describe('migrations', () => {
  let empty: Awaited<ReturnType<typeof emptyDatabase>>;
  let client: Client;

  beforeAll(async () => {
    empty = await emptyDatabase();
    client = new Client({ connectionString: empty.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await empty.drop();
  });

  test('a start that must not migrate refuses a database without the schema', async () => {
    await expect(requireCurrentSchema(empty.url)).rejects.toThrow(SchemaMismatch);
  });

  test('three instances that start at once migrate once', async () => {
    await Promise.all([migrate(empty.url), migrate(empty.url), migrate(empty.url)]);
    expect(await schemaState((sql) => client.query(sql))).toBe('current');
    const { rows } = await client.query('select count(*)::int as n from drizzle.__drizzle_migrations');
    expect(rows[0].n).toBeGreaterThanOrEqual(2);
    await requireCurrentSchema(empty.url);
  });

  test('no start goes on beside a restore, also one that has written nothing yet', async () => {
    await client.query(`select pg_advisory_lock(${RESTORE_LOCK})`);
    await expect(migrate(empty.url)).rejects.toThrow(/A restore is at work in this database/);
    await expect(requireCurrentSchema(empty.url)).rejects.toThrow(/A restore is at work in this database/);
    await client.query(`select pg_advisory_unlock(${RESTORE_LOCK})`);
    await requireCurrentSchema(empty.url);
  });

  test('the application works as a role that owns nothing and alters nothing', async () => {
    const database = openTestDatabase(empty.url);
    const asApp = await database.connect();
    const refused = [
      'alter table products add column x int',
      'alter table products disable trigger all',
      'drop trigger products_guard on products',
      'truncate products cascade',
      'create table mine (x int)',
      "set session_replication_role = 'replica'",
      'update seller_ledger set ready = 1',
      'insert into product_events values (null, 1, null, null, null)',
      'update products set image_count = 9',
      'delete from product_status_history',
      'select move_in_ledger(null, null, null, 0, 0)',
    ];
    // The tests' own role is a superuser and the application's role is taken with SET ROLE, so what is refused here is
    // refused for the rights of that role alone; session_replication_role asks for the session's user and is left to
    // deployments, where the login role is no superuser.
    for (const sql of refused.filter((text) => !text.startsWith('set session'))) {
      await expect(asApp.query(sql)).rejects.toThrow(/permission denied|must be owner/);
    }
    asApp.release();
    await database.close();
  });

  test('a database that newer code migrated is refused', async () => {
    await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 99999999999999)");
    await expect(migrate(empty.url)).rejects.toThrow(/newer version/);
    await expect(requireCurrentSchema(empty.url)).rejects.toThrow(/newer version/);
  });
});

describe('an earlier schema', () => {
  let empty: Awaited<ReturnType<typeof emptyDatabase>>;
  let client: Client;

  beforeAll(async () => {
    empty = await emptyDatabase();
    client = new Client({ connectionString: empty.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await empty.drop();
  });

  test('is made as it was, and what was written under it is there after the migrations that followed', async () => {
    const [first = 0, second = 0] = knownSchemaVersions();
    await migrateUpTo(empty.url, second);
    const { rows } = await client.query('select array_agg(created_at::text) as at from drizzle.__drizzle_migrations');
    expect(rows[0].at).toEqual([`${first}`, `${second}`]);
    expect(await schemaState((sql) => client.query(sql))).toBe('outdated');
    await client.query("insert into users (id, email, password_hash) values (gen_random_uuid(), 'a@example.com', '')");
    await migrate(empty.url);
    expect(await schemaState((sql) => client.query(sql))).toBe('current');
    expect((await client.query('select email from users')).rows).toEqual([{ email: 'a@example.com' }]);
  });

  test('that this code does not know is refused', async () => {
    await expect(migrateUpTo(empty.url, 4_102_444_800_000)).rejects.toThrow(SchemaMismatch);
  });
});
