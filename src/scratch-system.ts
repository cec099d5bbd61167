import { randomBytes } from 'node:crypto';
import type { Settings } from './config/load';
import { buildContainer, type Container } from './container';
import { newId, type ProductId } from './kernel/ids';
import { inPages } from './kernel/in-pages';
import type { Log } from './kernel/log';
import type { KeyPrefix } from './kernel/object-key';
import { type Sha256, sha256FromHex } from './kernel/sha256';
import type { OpenBackup, ReadProduct, RestoreRun, Scratch } from './modules/backup';
import { callerFactory } from './platform/http/procedures';
import { createMetrics } from './platform/telemetry/metrics';
import { openScratchGround, type ScratchGround } from './scratch-ground';

/** No instance serves it: it only stands in URLs. */
const PORT = 1;
const DELETED_AT_ONCE = 1000;

/** The application once more, on a database and a store that are there for one drill: beside the running one, out of reach of its sellers. */
export async function openScratchSystem(
  running: Container,
  settings: Settings,
  log: Log,
): Promise<Scratch<OpenBackup>> {
  const scratch = await openScratchGround(running, settings);
  try {
    const beside = settingsOf(running, settings, scratch);
    const container = await buildContainer(
      { settings: beside, log, metrics: createMetrics(), port: () => PORT },
      'as it is',
    );
    try {
      if (beside.S3_BUCKET_NAME !== undefined) await emptyBucket(container);
      return scratchOn(container, beside, log, scratch);
    } catch (error) {
      await container.close();
      throw error;
    }
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

function settingsOf({ storage }: Container, settings: Settings, { database, folder }: ScratchGround): Settings {
  return {
    ...settings,
    DATABASE_URL: database.url,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIR: folder,
    S3_BUCKET_NAME: settings.BACKUP_DRILL_BUCKET_NAME,
    S3_FORMER_BUCKET_NAMES: storage.buckets,
    S3_PUBLIC_ENDPOINT_URL: undefined,
    CDN_BASE_URL: undefined,
    JWT_SECRET: randomBytes(32).toString('hex'),
    URL_SIGNING_SECRET: undefined,
    PREPARE_CONCURRENCY: 0,
  } as Settings;
}

function scratchOn(container: Container, settings: Settings, log: Log, scratch: ScratchGround): Scratch<OpenBackup> {
  const { database, restore } = container;
  const run = newId<RestoreRun>();
  return {
    restore: (backup, signal) =>
      restore.whole(backup, { withoutDamaged: true, rehearsal: run, ...(signal ? { signal } : {}) }),
    async count(table) {
      const { rows } = await database.query(`select count(*)::int as n from public."${table}"`);
      return (rows[0] as { n: number }).n;
    },
    async someProducts(limit) {
      const { rows } = await database.query('select id from products order by random() limit $1', [limit]);
      return (rows as { id: ProductId }[]).map(({ id }) => id);
    },
    read: (id) => readAsSeller(container, id, log),
    remove: () =>
      allOf([
        async () => {
          if (settings.S3_BUCKET_NAME !== undefined) await emptyBucket(container);
        },
        // of a database that refused this drill nothing is this drill's
        async () => {
          await restore.abandon(run);
        },
        () => container.close(),
        () => scratch.remove(),
      ]),
  };
}

/** One after the other, whatever becomes of each. @throws the first failure */
async function allOf(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
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

async function emptyBucket({ storage: { store } }: Container): Promise<void> {
  const objects = store.list('products/' as unknown as KeyPrefix);
  for await (const page of inPages(objects, DELETED_AT_ONCE)) await store.deleteMany(page.map(({ key }) => key));
}
