import { join, resolve } from 'node:path';
import { publicUrlOf, retentionAgesOf, type Secrets, s3ConfigOf, secretsOf } from './config/derive';
import type { Settings } from './config/load';
import { buildAudit } from './container/audit';
import { sweepSteps } from './container/upkeep-steps';
import { systemClock } from './kernel/clock';
import type { Log } from './kernel/log';
import { identityModule } from './modules/identity';
import { maintenanceModule } from './modules/maintenance';
import { productsModule } from './modules/products';
import { type StorageModule, storageModule } from './modules/storage';
import { Database } from './platform/database/database';
import { migrate, requireCurrentSchema } from './platform/database/migrate';
import { type DatabaseUrls, provideDatabase } from './platform/database/provide-database';
import { transactionsOf } from './platform/database/transaction';
import { router } from './platform/http/procedures';
import { keptSecret } from './platform/kept-secret';
import { openStagingArea } from './platform/staging/open-staging-area';
import type { StagingArea } from './platform/staging/staging-area';
import { measured } from './platform/telemetry/measured';
import type { Metrics } from './platform/telemetry/metrics';
import { signedImageUrls } from './signed-image-urls';

export type Container = Awaited<ReturnType<typeof buildContainer>>;
export type AppRouter = Container['router'];

interface Ground {
  readonly settings: Settings;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The port that is really listened on, once it is known: URLs of the disk store name it. */
  readonly port: () => number;
}

/** The composition root: the only file that knows every module. The server and the operator commands stand on the same one. */
export async function buildContainer(ground: Ground) {
  const { settings, log, metrics } = ground;
  const urls = await provideDatabase(settings);
  try {
    await (settings.MIGRATE_ON_START ? migrate(urls.ownerUrl) : requireCurrentSchema(urls.ownerUrl));
    const database = openDatabase(ground, urls);
    const secrets = secretsOf(settings, await generatedSecret(settings));
    const staging = await openStagingArea(join(resolve(settings.DATA_DIR), 'tmp'), log);
    const modules = buildModules(ground, database, staging, secrets);
    const { storage } = modules;
    await storage.store.prepare();
    metrics.collected('intents_outstanding', 'Intents by state.', 'state', storage.outstandingIntents);
    return {
      database,
      ...modules,
      embeddedDatabase: urls.embedded,
      /** After the last request: what runs in the background ends, temporary files go, connections close. */
      async close() {
        await storage.drainer.idle();
        await staging.close();
        await database.close();
        await urls.release();
      },
    };
  } catch (error) {
    await urls.release();
    throw error;
  }
}

/** Every module on its adapters. Nothing is asked of database or store yet: `bun run docs` reads the router of this alone. */
export function buildModules(ground: Ground, database: Database, staging: StagingArea, secrets: Secrets) {
  const storage = buildStorage(ground, database, staging, secrets);
  const identity = buildIdentity(ground, database, secrets);
  const products = buildProducts(ground, database, staging, storage);
  const audit = buildAudit({ ...ground, database, staging, storage });
  const maintenance = maintenanceModule({
    ...ground,
    database,
    staging,
    store: storage.store,
    keyOf: products.keyOf,
    sweepSteps: sweepSteps(storage, resolve(ground.settings.DATA_DIR)),
    retentionSteps: [audit.quarantineExpiry],
    ages: retentionAgesOf(ground.settings),
  });
  return {
    storage,
    identity,
    products,
    maintenance,
    audit,
    router: router({ ...identity.routers, products: products.router, uploads: products.uploadsRouter }),
  };
}

function openDatabase({ settings, log, metrics }: Ground, { url }: DatabaseUrls): Database {
  const options = {
    url,
    poolSize: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: settings.DATABASE_LOCK_TIMEOUT_MS,
    connectTimeoutMs: settings.DATABASE_CONNECT_TIMEOUT_MS,
    record: metrics.databaseQuery,
  };
  return new Database(options, log);
}

/** Only where JWT_SECRET is absent: production demands it. */
async function generatedSecret(settings: Settings): Promise<string | undefined> {
  return settings.JWT_SECRET === undefined ? keptSecret(resolve(settings.DATA_DIR), 'jwt-secret') : undefined;
}

function buildStorage(
  { settings, log, port, metrics }: Ground,
  database: Database,
  staging: StagingArea,
  secrets: Secrets,
) {
  return storageModule({
    orm: database.orm,
    staging,
    log,
    measure: (store) => measured(store, ['put', 'get', 'head', 'copy', 'deleteMany', 'check'], metrics.storeOperation),
    s3: s3ConfigOf(settings),
    disk: {
      dataDir: resolve(settings.DATA_DIR),
      publicUrl: () => publicUrlOf(settings, port()),
      secret: secrets.urls,
      ...(secrets.urlsPrevious === undefined ? {} : { previousSecret: secrets.urlsPrevious }),
      cacheScope: settings.CDN_BASE_URL === undefined ? 'private' : 'public',
    },
    formerBuckets: settings.S3_FORMER_BUCKET_NAMES,
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    putMaxDurationSeconds: settings.PUT_MAX_DURATION_SECONDS,
  });
}

function buildIdentity({ settings, log }: Ground, database: Database, secrets: Secrets) {
  return identityModule({
    database,
    inTransaction: transactionsOf(database),
    clock: systemClock,
    log,
    config: {
      jwtSecret: secrets.jwt,
      jwtSecretPrevious: secrets.jwtPrevious,
      jwtIssuer: settings.JWT_ISSUER,
      jwtAudience: settings.JWT_AUDIENCE,
      accessTokenTtlSeconds: settings.ACCESS_TOKEN_TTL_SECONDS,
      refreshTokenTtlSeconds: settings.REFRESH_TOKEN_TTL_SECONDS,
      registrationEnabled: settings.REGISTRATION_ENABLED,
    },
  });
}

function buildProducts({ settings, log }: Ground, database: Database, folders: StagingArea, storage: StorageModule) {
  return productsModule({
    database,
    folders,
    log,
    journal: storage.journal,
    originals: storage.store,
    objects: storage.store,
    clock: systemClock,
    copies: { copy: storage.copyIfThere },
    drainProduct: storage.drainProduct,
    imageUrls: signedImageUrls(storage.store, systemClock, settings.CDN_BASE_URL),
    drainSoon: storage.drainer.soon,
    bucket: storage.store.bucket,
    formerBuckets: settings.S3_FORMER_BUCKET_NAMES,
    urlTtlSeconds: settings.URL_TTL_SECONDS,
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    idempotencyTtlSeconds: settings.IDEMPOTENCY_TTL_SECONDS,
    directUploadTtlSeconds: settings.DIRECT_UPLOAD_TTL_SECONDS,
    putUrlTtlSeconds: settings.PUT_URL_TTL_SECONDS,
    uploadLimits: {
      maxImages: settings.MAX_IMAGES,
      maxImageBytes: settings.MAX_IMAGE_BYTES,
      maxUploadBytes: settings.MAX_UPLOAD_BYTES,
    },
    imageLimits: {
      minWidth: settings.MIN_IMAGE_WIDTH,
      minHeight: settings.MIN_IMAGE_HEIGHT,
      maxPixels: settings.MAX_IMAGE_PIXELS,
    },
  });
}
