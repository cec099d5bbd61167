import { afterAll, expect, test } from 'bun:test';
import type { Log } from '../../src/kernel/log';
import { Database } from '../../src/platform/database/database';
import { silentLog } from '../support/log';
import { testDatabase } from '../support/postgres';

const db = await testDatabase();
afterAll(() => db.drop());

const LIMITS = { poolSize: 2, statementTimeoutMs: 5000, lockTimeoutMs: 5000, connectTimeoutMs: 3000 };

async function connected(): Promise<{ database: Database; warnings: string[] }> {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => void warnings.push(message) };
  const database = new Database({ url: db.url, ...LIMITS }, log);
  await database.ping();
  return { database, warnings };
}

/** Ends all others of this database. In another process while this one stands still: it learns of it only afterwards. */
function endTheOthersUnseen(): void {
  const sql =
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
  const program = `import { Client } from 'pg';
    const client = new Client({ connectionString: ${JSON.stringify(db.url)} });
    await client.connect();
    await client.query(${JSON.stringify(`${sql} and query = 'select 1'`)});
    await client.end();`;
  const { exitCode } = Bun.spawnSync([process.execPath, '-e', program], { cwd: import.meta.dir });
  expect(exitCode).toBe(0);
}

test('an idle connection that is lost is warned of, and replaced', async () => {
  const { database, warnings } = await connected();
  endTheOthersUnseen();
  await Bun.sleep(200);
  expect(warnings).toEqual(['an idle database connection was lost']);
  await database.ping();
  await database.close();
});

test('a connection that the server ends while it closes is no cause for a warning', async () => {
  const { database, warnings } = await connected();
  endTheOthersUnseen();
  await database.close();
  await Bun.sleep(200);
  expect(warnings).toEqual([]);
});
