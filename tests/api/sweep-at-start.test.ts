import { afterEach, expect, test } from 'bun:test';
import { Client } from 'pg';
import { startTestServer, type TestServer, until } from '../support/server';

const ONCE_A_YEAR = '0 0 1 1 *';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** What a process that died long ago has left, and only a whole sweep removes: a tombstone whose time is over. */
async function startOnLeftovers(cron: string): Promise<TestServer> {
  server = await startTestServer(async (databaseUrl) => {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(
      "insert into intents (kind, prefix, state, expires_at, tombstone_until) values ('delete', 'products/a', 'tombstone', now(), now())",
    );
    await client.end();
    return { SWEEP_CRON: cron };
  });
  return server;
}

const sweeps = ({ db }: TestServer) => db.sql("select outcome from maintenance_runs where task = 'sweep'");
const tombstones = async ({ db }: TestServer) => (await db.sql('select from intents')).length;

test('a server sweeps once when it starts, whenever its schedule would', async () => {
  const started = await startOnLeftovers(ONCE_A_YEAR);
  await until(async () => (await tombstones(started)) === 0, 'the tombstone is buried');
  await until(async () => (await sweeps(started))[0]?.outcome === 'ok', 'the sweep has ended');
  expect(await sweeps(started)).toEqual([{ outcome: 'ok' }]);
});

test('a server that is told to leave the sweep to others does not begin with one', async () => {
  const started = await startOnLeftovers('off');
  expect(await sweeps(started)).toEqual([]);
  expect(await tombstones(started)).toBe(1);
});
