import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from './config/load';
import { buildContainer, type Container } from './container';
import { newId, type ProductId } from './kernel/ids';
import type { Log } from './kernel/log';
import type { KeyPrefix, ObjectKey } from './kernel/object-key';
import { type Sha256, sha256FromHex } from './kernel/sha256';
import type { OpenBackup, ReadProduct, Scratch } from './modules/backup';
import { createScratchDatabase, type ScratchDatabase } from './platform/database/scratch-database';
import { callerFactory } from './platform/http/procedures';
import { createMetrics } from './platform/telemetry/metrics';

const PURPOSE = 'drill';
/** No instance serves it: it only stands in URLs. */
const PORT = 1;
const DELETED_AT_ONCE = 1000;

/**
 * The application once more, on a database and a store that are there for one drill: beside the running one, and out of reach of its
 * sellers. What an earlier drill of this data folder left by dying goes first; drills run one at a time.
 */
export async function openScratchSystem(
  running: Container,
  settings: Settings,
  log: Log,
): Promise<Scratch<OpenBackup>> {
  const folder = await scratchFolder(resolve(settings.DATA_DIR));
  const database = await scratchDatabase(running, settings);
  const beside: Settings = {
    ...settings,
    DATABASE_URL: database.url,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIR: folder,
    S3_BUCKET_NAME: settings.BACKUP_DRILL_BUCKET_NAME,
    S3_FORMER_BUCKET_NAMES: running.storage.buckets,
    S3_PUBLIC_ENDPOINT_URL: undefined,
    CDN_BASE_URL: undefined,
    JWT_SECRET: randomBytes(32).toString('hex'),
    URL_SIGNING_SECRET: undefined,
    PREPARE_CONCURRENCY: 0,
  } as Settings;
  const removal = async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ground = { settings: beside, log, metrics: createMetrics(), port: () => PORT };
    const container = await buildContainer(ground, 'as it is');
    if (beside.S3_BUCKET_NAME !== undefined) await emptyBucket(container);
    return scratchOn(container, beside, log, removal);
  } catch (error) {
    await removal();
    throw error;
  }
}

function scratchOn(
  container: Container,
  settings: Settings,
  log: Log,
  removal: () => Promise<void>,
): Scratch<OpenBackup> {
  const { database, restore } = container;
  return {
    restore: (backup) =>
      restore.whole(backup, {
        withoutDamaged: true,
        // what a drill that was killed has left in it
        discardDatabase: settings.BACKUP_DRILL_DATABASE_URL !== undefined,
      }),
    async count(table) {
      const { rows } = await database.query(`select count(*)::int as n from public."${table}"`);
      return (rows[0] as { n: number }).n;
    },
    async someProducts(limit) {
      const { rows } = await database.query('select id from products order by random() limit $1', [limit]);
      return (rows as { id: ProductId }[]).map(({ id }) => id);
    },
    read: (id) => readAsSeller(container, id, log),
    async remove() {
      if (settings.S3_BUCKET_NAME !== undefined) await emptyBucket(container);
      if (settings.BACKUP_DRILL_DATABASE_URL !== undefined) await restore.abandon();
      await container.close();
      await removal();
    },
  };
}

async function readAsSeller(container: Container, id: ProductId, log: Log): Promise<ReadProduct> {
  const { rows } = await container.database.query('select user_id from products where id = $1', [id]);
  const principal = await container.identity.operator.actAs({ userId: (rows[0] as { user_id: string }).user_id });
  const caller = callerFactory(container.router)({
    requestId: newId(),
    principal,
    ip: null,
    userAgent: null,
    headers: new Headers(),
    responseHeaders: new Headers(),
    signal: new AbortController().signal,
    // nobody is limited here: it reads what it has just restored
    admitCall: () => Promise.resolve(),
    log,
  });
  const { images } = await caller.products.get({ id });
  return {
    images: await Promise.all(
      images.map(async ({ sha256, original_url }) => ({
        sha256: sha256FromHex(sha256),
        readSha256: await digestBehind(container, original_url),
      })),
    ),
  };
}

/** By the door of this very application where the store is a folder, else by the network. */
async function digestBehind({ storage }: Container, url: string): Promise<Sha256> {
  const response = storage.filesDoor ? await storage.filesDoor.handle(new Request(url)) : await fetch(url);
  if (!response.ok || !response.body) throw new Error(`a signed URL answered ${response.status}`);
  const hasher = new Bun.CryptoHasher('sha256');
  for await (const chunk of response.body) hasher.update(chunk);
  return sha256FromHex(hasher.digest('hex'));
}

async function scratchFolder(dataDir: string): Promise<string> {
  const beginning = `${PURPOSE}-`;
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(beginning)) await rm(join(dataDir, name), { recursive: true, force: true });
  }
  const folder = join(dataDir, beginning + randomBytes(4).toString('hex'));
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** One that is named is for drills alone, and is emptied before and after. */
async function scratchDatabase({ urls }: Container, settings: Settings): Promise<ScratchDatabase> {
  const named = settings.BACKUP_DRILL_DATABASE_URL;
  if (named === undefined) return await createScratchDatabase(urls, PURPOSE);
  return { url: named, ownerUrl: named, drop: () => Promise.resolve() };
}

async function emptyBucket({ storage: { store } }: Container): Promise<void> {
  let keys: ObjectKey[] = [];
  for await (const { key } of store.list('products/' as unknown as KeyPrefix)) {
    if (keys.push(key) < DELETED_AT_ONCE) continue;
    await store.deleteMany(keys);
    keys = [];
  }
  await store.deleteMany(keys);
}
