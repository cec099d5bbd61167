import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
}, 60_000);
afterAll(() => db.drop());

describe("the application's role", () => {
  const forbidden = [
    'truncate products cascade',
    'truncate product_images cascade',
    'truncate product_status_history',
    'truncate product_events',
    'truncate seller_ledger',
    'alter table products disable trigger products_guard',
    'alter table products disable trigger all',
    'alter table products drop constraint products_status_check',
    'drop trigger products_record on products',
    'create or replace function lifecycle_event(text, text, text) returns text language sql as $$ select $1 $$',
    "update products set failed_from = 'publishing'",
    "update products set created_at = now() - interval '1 year'",
    "insert into product_status_history (product_id, to_status, event, actor) select id, 'ready', 'COMPLETE', 'me' from products",
    'update product_status_history set actor = null',
    'delete from product_events',
    'update seller_ledger set ready = 0',
    "update operator_audit set actor = 'nobody'",
    'delete from operator_audit',
    'truncate operator_audit',
    "insert into operator_audit (act, actor, source, command, outcome, at) values (gen_random_uuid(), 'me', 'cli', 'x', 'done', now() - interval '1 year')",
    "insert into operator_audit (act, actor, source, command, outcome, database_login) values (gen_random_uuid(), 'me', 'cli', 'x', 'done', 'root')",
    'alter table operator_audit disable trigger all',
  ];

  for (const sql of forbidden) {
    test(`may not: ${sql.slice(0, 70)}`, async () => {
      const connection = await db.database.connect();
      const refused = connection.query(sql);
      await expect(refused).rejects.toMatchObject({ code: '42501' });
      connection.release();
    });
  }

  test('not even a superuser empties products by TRUNCATE, past the rows’ triggers', async () => {
    await expect(db.sql('truncate products cascade')).rejects.toThrow(/emptied by DELETE/);
  });
});
