import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Pool } from 'pg';
import { measuredClient } from '../../src/platform/database/measured-client';
import { emptyDatabase } from '../support/postgres';

const recorded: string[] = [];
let pool: Pool | undefined;
let drop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  const database = await emptyDatabase();
  drop = database.drop;
  const Client = measuredClient((operation, outcome, seconds) =>
    recorded.push(`${operation} ${outcome} ${seconds > 0}`),
  );
  pool = new Pool({ connectionString: database.url, Client });
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await drop?.();
});

test('statements of a pool are recorded by their first word and outcome, and answer as before', async () => {
  expect((await pool!.query('SELECT 1 as one')).rows).toEqual([{ one: 1 }]);
  expect((await pool!.query({ text: ' select $1::int as n', values: [2] })).rows).toEqual([{ n: 2 }]);
  expect(pool!.query('select nonsense')).rejects.toThrow('nonsense');
  await pool!.query('create table t (n int)').catch(() => undefined);
  await Bun.sleep(0);
  expect(recorded).toEqual(['select ok true', 'select ok true', 'select error true', 'other ok true']);
});

test('statements of a client of its own are recorded too', async () => {
  recorded.length = 0;
  const client = await pool!.connect();
  await client.query('begin');
  expect(client.query('insert into nowhere values ($1)', [1])).rejects.toThrow('nowhere');
  await client.query('rollback');
  client.release();
  expect(recorded).toEqual(['begin ok true', 'insert error true', 'rollback ok true']);
});
