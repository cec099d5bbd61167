import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { loadSettings } from '../../src/config/load';
import type { Container } from '../../src/container';
import type { Log } from '../../src/kernel/log';
import type { KeyPrefix } from '../../src/kernel/object-key';
import { startServer } from '../../src/server';
import { silentLog } from './log';
import { type TestDatabase, testDatabase } from './postgres';
import type { S3Server } from './s3-server-kinds';

/** Environment variables of a server, as an operator would set them. */
export type Environment = Readonly<Record<string, string>>;

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly db: TestDatabase;
  readonly container: Container;
  /** Looks whether its certificate was renewed. */
  reloadCertificate(): Promise<void>;
  /** Keys of all objects in the store. */
  keys(): Promise<string[]>;
  stop(): Promise<void>;
}

/** What every server of the tests is told: a free port of this machine, and no work by itself unless a test wants it. */
export const ON_A_FREE_PORT: Environment = {
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  PORT: '0',
  SWEEP_CRON: 'off',
  PREPARE_CONCURRENCY: '0',
  SCRUB_CRON: 'off',
  RETENTION_CRON: 'off',
  AUDIT_CRON: 'off',
  BACKUP_CRON: 'off',
  BACKUP_VERIFY_CRON: 'off',
  BACKUP_PRUNE_CRON: 'off',
  DISK_FREE_BYTES_MIN: '0',
};

/**
 * The whole server in this process, on a database and a data folder of its own.
 * @param change variables, or what makes them of the database's URL: it may be led through a proxy
 */
export async function startTestServer(
  change: Environment | ((databaseUrl: string) => Promise<Environment>) = {},
  log: Log = silentLog,
): Promise<TestServer> {
  const db = await testDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'test-server-'));
  const changed = typeof change === 'function' ? await change(db.url) : change;
  const settings = loadSettings({ ...ON_A_FREE_PORT, DATABASE_URL: db.url, DATA_DIR: dataDir, ...changed });
  const { url, port, container, stop, reloadCertificate } = await startServer(settings, log);
  return {
    url,
    port,
    dataDir,
    db,
    container,
    reloadCertificate,
    async keys() {
      const keys: string[] = [];
      for await (const { key } of container.storage.store.list('' as KeyPrefix)) keys.push(key);
      return keys;
    },
    async stop() {
      await stop();
      await db.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The variables that choose an S3-compatible store, and nothing else; the bucket is a new one. */
export function s3Environment(server: S3Server, endpoint = server.endpoint): Environment {
  return {
    S3_BUCKET_NAME: `test-${Bun.randomUUIDv7()}`,
    S3_ENDPOINT_URL: endpoint,
    S3_ACCESS_KEY_ID: server.accessKeyId,
    S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    S3_REGION: server.region,
    ...(server.encrypts ? { S3_SSE: 'AES256' } : {}),
  };
}

/** The folders of requests under way, in the folders of all processes that use this data folder. */
export async function temporaryFolders(dataDir: string): Promise<string[]> {
  const paths = await readdir(join(dataDir, 'tmp'), { recursive: true });
  return paths.filter((path) => path.includes('/'));
}

/** Keys of the objects that the disk store has in this data folder, whole or not. */
export async function keysOnDisk(dataDir: string): Promise<string[]> {
  const files = await readdir(join(dataDir, 'objects'), { recursive: true, withFileTypes: true });
  const bucket = join(dataDir, 'objects', 'intellipost-images');
  return files.filter((file) => file.isFile()).map((file) => relative(bucket, join(file.parentPath, file.name)));
}

/** What a refused, broken or deleted upload could have left behind. */
export async function leftovers(server: TestServer) {
  const count = async (from: string) =>
    (await server.db.sql<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n;
  return {
    products: await count('products'),
    images: await count('product_images'),
    idempotencyKeys: await count('idempotency_keys'),
    // a tombstone is no leftover: it says that nothing may come under this prefix any more
    intents: await count("intents where state <> 'tombstone'"),
    objects: await server.keys(),
    temporary: await temporaryFolders(server.dataDir),
  };
}

export const NOTHING = { products: 0, images: 0, idempotencyKeys: 0, intents: 0, objects: [], temporary: [] };

/** Asks until it is so. @throws Error when it is not after `withinMs` milliseconds */
export async function until(isSo: () => unknown, what: string, withinMs = 15_000): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await Bun.sleep(20);
  }
}
