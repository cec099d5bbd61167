import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ApplicationLogin, applicationLogin } from '../support/application-login';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aUser } from '../support/products-fixture';
import { OPEN_FUNCTIONS, RIGHTS } from './application-rights';

const NOT_ALLOWED = '42501';

let login: ApplicationLogin;
beforeAll(async () => {
  login = await applicationLogin();
}, 120_000);
afterAll(() => login.drop());

/** The SQLSTATE of what the application's role is refused; 'done' where it is not. */
async function refusal(sql: string): Promise<string> {
  await login.app.query('begin');
  try {
    await login.app.query(sql);
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await login.app.query('rollback');
  }
}

async function refusals(statements: readonly string[]): Promise<[string, string][]> {
  const seen: [string, string][] = [];
  for (const sql of statements) seen.push([sql, await refusal(sql)]);
  return seen;
}

const allRefused = async (statements: readonly string[]) =>
  expect(await refusals(statements)).toEqual(statements.map((sql) => [sql, NOT_ALLOWED]));

interface Table {
  readonly name: string;
  readonly rights: string;
  readonly columns: readonly string[];
  readonly updatable: readonly string[];
}

/** As the catalog has them. Partitions of pg-boss come and go with the days: their parent is here. */
async function tables(): Promise<Table[]> {
  const { rows } = await login.owner.query<Table>(`
    select format('%s.%s', n.nspname, c.relname) as name,
      (select coalesce(string_agg(left(lower(p), 1), '' order by ordinality), '')
        from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) with ordinality as p (p, ordinality)
        where has_table_privilege('intellipost_app', c.oid, p)) as rights,
      array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        order by attnum) as columns,
      array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        and has_column_privilege('intellipost_app', c.oid, attnum, 'UPDATE') order by attnum) as updatable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'pgboss', 'drizzle') and c.relkind in ('r', 'p') and c.relname !~ '^queue_stats_\\d+$'
    order by 1`);
  return rows;
}

describe("the application's role has on every table what is written down, and no more", () => {
  test('every table is in the list, with its rights', async () => {
    const found = (await tables()).map(({ name, rights, columns, updatable }) => {
      const some =
        rights.includes('u') || updatable.length === 0 ? '' : ` update(${inOrder(name, columns, updatable)})`;
      return [name, rights + some];
    });
    expect(Object.fromEntries(found)).toEqual({ ...RIGHTS });
  });

  test('it owns nothing, and may neither reference nor maintain nor trigger anything', async () => {
    const { rows } = await login.owner.query(`
      select c.oid::regclass::text from pg_class c where c.relnamespace in ('public'::regnamespace, 'pgboss'::regnamespace)
        and c.relkind in ('r', 'p', 'v', 'm', 'S') and (pg_get_userbyid(c.relowner) = 'intellipost_app' or c.relkind <> 'S'
          and has_table_privilege('intellipost_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER'))`);
    expect(rows).toEqual([]);
  });

  test('of no table can it change what it is, or its rules, or who may use it', async () => {
    const statements = (await tables()).flatMap(({ name, columns: [column] }) => [
      `truncate ${name} cascade`,
      `alter table ${name} disable trigger all`,
      `alter table ${name} disable trigger user`,
      `alter table ${name} disable rule "_RETURN"`,
      `alter table ${name} owner to current_user`,
      `alter table ${name} add column mine int`,
      `alter table ${name} drop column ${column} cascade`,
      `alter table ${name} rename to mine`,
      `alter table ${name} set unlogged`,
      `alter table ${name} disable row level security`,
      `drop table ${name} cascade`,
      `create trigger mine before insert on ${name} execute function suppress_redundant_updates_trigger()`,
      `create rule mine as on insert to ${name} do instead nothing`,
      `create policy mine on ${name} using (true)`,
      `create index on ${name} (${column})`,
      `create table public.mine () inherits (${name})`,
      `create view public.mine as table ${name}`,
      `comment on table ${name} is 'mine'`,
      `copy ${name} to '/tmp/mine'`,
      `copy ${name} to program 'cat'`,
      `copy ${name} from '/etc/passwd'`,
      `copy ${name} from program 'id'`,
    ]);
    await allRefused(statements);
  });

  test('what it may not write, it can write in no way', async () => {
    const statements = (await tables()).flatMap(({ name, rights, columns, updatable }) => [
      ...(rights.includes('i') ? [] : [`insert into ${name} default values`, `copy ${name} from stdin`]),
      ...(rights.includes('d') ? [] : [`delete from ${name}`, `delete from ${name} where false`]),
      ...(rights.includes('d') || updatable.length > 0
        ? []
        : [`lock table ${name} in share row exclusive mode`, `lock table ${name} in access exclusive mode`]),
      ...columns
        .filter((column) => !updatable.includes(column))
        .map((column) => `update ${name} set ${column} = ${column}`),
    ]);
    expect(statements.length).toBeGreaterThan(50);
    await allRefused(statements);
  });
});

describe("round the triggers the application's role finds no way:", () => {
  test.each([
    'set session_replication_role = replica',
    "select set_config('session_replication_role', 'replica', false)",
    'set role postgres',
    'set session authorization postgres',
    'alter role intellipost_app superuser',
    'alter role current_user bypassrls',
    'create role mine superuser',
    'alter database postgres set session_replication_role = replica',
    'create schema mine',
    'create table public.mine (id int)',
    'create temporary table seller_ledger (user_id uuid)',
    'create temporary view products as select 1',
    "create function public.mine() returns int language sql as 'select 1'",
    "create function pg_temp.mine() returns int language sql as 'select 1'",
    'create or replace function public.guard_product() returns trigger language plpgsql as $$ begin return new; end $$',
    'create or replace function public.lifecycle_event(text, text, text) returns text language sql as $$ select $1 $$',
    'alter function public.guard_product() reset all',
    'alter function public.record_product() security invoker',
    'drop function public.guard_product() cascade',
    'drop trigger products_record on public.products',
    'alter table public.products drop constraint products_status_check',
    'create event trigger mine on ddl_command_start execute function mine()',
    'create extension dblink',
    'create type public.mine as (id int)',
    'create publication mine for all tables',
    'create foreign data wrapper mine',
    'alter default privileges for role postgres grant all on tables to intellipost_app',
    'reassign owned by postgres to intellipost_app',
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    'select lo_create(0)',
    "select lo_from_bytea(0, 'x')",
    'select * from pg_authid',
    'checkpoint',
    "load 'auto_explain'",
    "select setval('public.product_status_history_id_seq', 1)",
    "insert into pgboss.bam (name, version, table_name, command) values ('x', 1, 'job', 'alter table public.products disable trigger all')",
    'update pgboss.version set version = 1',
  ])('%s', async (sql) => {
    expect(await refusal(sql)).toBe(NOT_ALLOWED);
  });

  test.each([
    'alter system set session_replication_role = replica',
    "create subscription mine connection 'host=x' publication mine",
    'create database mine',
  ])('%s', async (sql) => {
    // these stand in no transaction
    await expect(login.app.query(sql)).rejects.toMatchObject({ code: NOT_ALLOWED });
  });

  test('a queue whose table is more than a name, which the owner’s migrations would run', async () => {
    const change = `'{"name": "mine", "table_name": "job; drop table users"}'`;
    const inserted = `insert into pgboss.queue select (jsonb_populate_record(q, ${change})).* from pgboss.queue q limit 1`;
    const broken = '23514';
    expect(await refusal(inserted)).toBe(broken);
    expect(await refusal("update pgboss.queue set table_name = 'job; drop table users'")).toBe(broken);
  });

  test('what it grants of what is not its own, nobody gets', async () => {
    const acls = () =>
      login.owner.query(
        "select oid::regclass, relacl::text from pg_class where relacl is not null and relnamespace <> 'pg_catalog'::regnamespace order by 1",
      );
    const before = (await acls()).rows;
    for (const { name } of await tables()) {
      for (const sql of [`grant all on ${name} to public`, `revoke all on ${name} from public`]) {
        await login.app.query(sql).catch((error) => expect(error.code).toBe(NOT_ALLOWED));
      }
    }
    expect((await acls()).rows).toEqual(before);
  });
});

interface Function {
  readonly name: string;
  readonly signature: string;
  readonly path: string | null;
  readonly asOwner: boolean;
  readonly open: boolean;
}

describe('every function', () => {
  let functions: Function[];
  beforeAll(async () => {
    const { rows } = await login.owner.query<Function>(`
      select p.proname as name, p.oid::regprocedure::text as signature, p.prosecdef as "asOwner",
        (select substring(setting from '^search_path=(.*)$') from unnest(p.proconfig) setting
          where setting like 'search_path=%') as path,
        has_function_privilege('intellipost_app', p.oid, 'EXECUTE') as open
      from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' order by 1`);
    functions = rows;
  });

  test('looks for tables where they are, and for temporary ones last', () => {
    expect(functions.length).toBeGreaterThan(20);
    expect(functions.filter(({ path }) => path !== 'pg_catalog, public, pg_temp')).toEqual([]);
  });

  test('that runs as its owner is closed to the application, but for a few', () => {
    const open = functions.filter((one) => one.asOwner && one.open).map(({ name }) => name);
    expect(open).toEqual(OPEN_FUNCTIONS);
  });
});

describe('where temporary tables can be made all the same', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase(); // a copy of a database has not its rights: everybody may
  });
  afterAll(() => db.drop());

  test('one that is called like ours gets nothing of what the triggers write', async () => {
    const seller = await aUser(db);
    const connection = await db.database.connect();
    const shadowed = [
      'seller_ledger',
      'product_events',
      'product_status_history',
      'work_items',
      'work_turns',
      'intents',
    ];
    for (const table of shadowed) await connection.query(`create temporary table ${table} (user_id uuid)`);
    await connection.query(
      "insert into products (id, user_id, prompt_text) values (gen_random_uuid(), $1, 'a lamp in good order')",
      [seller.userId],
    );
    await connection.query("update products set status = 'processing'");
    for (const table of shadowed) expect((await connection.query(`select * from pg_temp.${table}`)).rows).toEqual([]);
    connection.release(true);
    const [row] =
      await db.sql(`select (select processing from seller_ledger) as ledger, (select count(*)::int from product_events) as events,
      (select count(*)::int from product_status_history) as history, (select count(*)::int from work_items) as items`);
    expect(row).toEqual({ ledger: 1, events: 2, history: 2, items: 1 });
  });

  test('not even a superuser empties products by TRUNCATE, past the rows’ triggers', async () => {
    await expect(db.sql('truncate products cascade')).rejects.toThrow(/emptied by DELETE/);
  });
});

/** As the list has them, so that it need not follow the order of the columns. */
function inOrder(table: string, columns: readonly string[], updatable: readonly string[]): string {
  const listed = /\((.*)\)/.exec(RIGHTS[table] ?? '')?.[1]?.split(', ') ?? [];
  const known = listed.filter((column) => updatable.includes(column));
  return [...known, ...columns.filter((column) => updatable.includes(column) && !known.includes(column))].join(', ');
}
