import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { Client } from 'pg';
import { GenericContainer, Wait } from 'testcontainers';
import { Database } from '../../src/platform/database/database';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { MIGRATIONS_FOLDER, migrate } from '../../src/platform/database/migrate';
import { containerPorts } from './container-port';
import { dockerAnswers } from './docker';
import { atExit } from './exit';
import { silentLog } from './log';
import { removeWithThisProcess } from './remove-container';

/** A database of one test file: cloned from the migrated template, dropped by `drop`. */
export interface TestDatabase {
  /** A role that may do anything. */
  readonly url: string;
  readonly database: Database;
  /** Runs SQL as the all-mighty role, past every right (but no trigger) of the application. */
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

let server: Promise<string> | undefined;
let template: Promise<string> | undefined;

/** The URL of a PostgreSQL server that tests may fill: TEST_DATABASE_URL, else Testcontainers, else the embedded one. */
export function testServer(): Promise<string> {
  server ??= startServer();
  return server;
}

async function startServer(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return given;
  if (await dockerAnswers()) {
    const [host = 0] = await containerPorts(1);
    const container = await new GenericContainer('postgres:18')
      .withEnvironment({ POSTGRES_PASSWORD: 'test' })
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'max_connections=300'])
      .withExposedPorts({ container: 5432, host })
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    removeWithThisProcess(container.getId());
    atExit(() => container.stop({ timeout: 0 }));
    return `postgres://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  }
  const folder = join(tmpdir(), `intellipost-test-${randomBytes(4).toString('hex')}`);
  const flags = ['-c fsync=off', '-c synchronous_commit=off', '-c max_connections=300'];
  const embedded = await useEmbeddedPostgres(folder, flags);
  atExit(async () => {
    await embedded.release();
    await rm(folder, { recursive: true, force: true });
  });
  return embedded.superuserUrl;
}

/** A new database of its own with this code's schema. */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = await testServer();
  template ??= makeTemplate(serverUrl);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(serverUrl, `create database ${name} template ${await template}`);
  const url = databaseUrl(serverUrl, name);
  const database = openTestDatabase(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  // one after the other, however many are asked at once: pg wants that of whoever uses a client
  let last: Promise<unknown> = Promise.resolve();
  const query: TestDatabase['sql'] = (text, values) => {
    const rows = last.then(async () => (await client.query(text, values)).rows);
    last = rows.catch(() => undefined);
    return rows;
  };
  return {
    url,
    database,
    sql: query,
    drop: async () => {
      await client.end();
      await database.close();
      await asAdmin(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

/** An empty database without any schema. */
export async function emptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const serverUrl = await testServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(serverUrl, `create database ${name}`);
  return {
    url: databaseUrl(serverUrl, name),
    drop: () => asAdmin(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

export function openTestDatabase(
  url: string,
  change: Partial<ConstructorParameters<typeof Database>[0]> = {},
): Database {
  const limits = { poolSize: 10, statementTimeoutMs: 15_000, lockTimeoutMs: 5000, connectTimeoutMs: 3000 };
  return new Database({ url, ...limits, ...change }, silentLog);
}

async function makeTemplate(serverUrl: string): Promise<string> {
  const migrations = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map((file) => file.hash);
  const name = `test_template_${createHash('sha256').update(migrations.join()).digest('hex').slice(0, 12)}_${process.pid}`;
  await asAdmin(serverUrl, `drop database if exists ${name} with (force)`);
  await asAdmin(serverUrl, `create database ${name}`);
  await migrate(databaseUrl(serverUrl, name));
  return name;
}

function databaseUrl(serverUrl: string, name: string): string {
  if (!name.startsWith('test_')) throw new Error(`tests use databases named test_…, not ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** One statement as the all-mighty role. */
export async function asSuperuser<Row extends object>(url: string, text: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

async function asAdmin(serverUrl: string, sql: string): Promise<void> {
  await asSuperuser(serverUrl, sql);
}
