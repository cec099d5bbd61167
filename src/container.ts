import { join, resolve } from 'node:path';
import {
  bodyPaceOf,
  loginLimitsOf,
  publicUrlOf,
  retentionAgesOf,
  type Secrets,
  s3ConfigOf,
  secretsOf,
} from './config/derive';
import { buildAdmission } from './container/admission';
import { buildAudit } from './container/audit';
import { buildBackup } from './container/backup';
import type { Ground } from './container/ground';
import { keptSecrets } from './container/kept-secrets';
import { buildPrepare } from './container/prepare';
import { buildProducts } from './container/products';
import { buildRestore } from './container/restore';
import { productSteps, sweepSteps } from './container/upkeep-steps';
import { buildWork } from './container/work';
import { systemClock } from './kernel/clock';
import { credentialsModule } from './modules/credentials';
import { identityModule } from './modules/identity';
import { maintenanceHold, maintenanceModule } from './modules/maintenance';
import { operatorsModule } from './modules/operators';
import { realtimeModule } from './modules/realtime';
import { storageModule } from './modules/storage';
import type { AdmitBytes } from './platform/admission/upload-admission';
import { Database } from './platform/database/database';
import { migrate, requireCurrentSchema } from './platform/database/migrate';
import { type DatabaseUrls, provideDatabase } from './platform/database/provide-database';
import { transactionsOf } from './platform/database/transaction';
import { mergeRouters, router } from './platform/http/procedures';
import { prepareQueue } from './platform/jobs/prepare-jobs';
import { openStagingArea } from './platform/staging/open-staging-area';
import type { StagingArea } from './platform/staging/staging-area';
import { measured } from './platform/telemetry/measured';
import { LONGEST_GET_SECONDS } from './signed-image-urls';

export type Container = Awaited<ReturnType<typeof buildContainer>>;
export type AppRouter = Container['router'];

/**
 * The composition root: the only file that knows every module. The server and the operator commands stand on the same one.
 * @param schema `as it is`: the database may be empty or half restored, and nothing is asked of it yet
 */
export async function buildContainer(ground: Ground, schema: 'current' | 'as it is' = 'current') {
  const { settings, log, metrics } = ground;
  const urls = await provideDatabase(settings, log);
  try {
    if (schema === 'current')
      await (settings.MIGRATE_ON_START ? migrate(urls.ownerUrl) : requireCurrentSchema(urls.ownerUrl));
    const database = openDatabase(ground, urls);
    const secrets = secretsOf(settings, await keptSecrets(settings));
    const staging = await openStagingArea(join(resolve(settings.DATA_DIR), 'tmp'), log);
    const modules = buildModules(ground, database, staging, secrets);
    const { storage } = modules;
    await storage.store.prepare();
    metrics.collected('realtime_sockets', 'Open WebSockets and event streams.', 'door', modules.realtime.followers);
    metrics.collected('intents_outstanding', 'Intents by state.', 'state', storage.outstandingIntents);
    return {
      database,
      ...modules,
      restore: buildRestore(ground, { ...modules, database, staging, ownerUrl: urls.ownerUrl }),
      urls,
      embeddedDatabase: urls.embedded,
      /** After the last request: what runs in the background ends, temporary files go, connections close. */
      async close() {
        await modules.products.arrivals.stop();
        await modules.realtime.stop();
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
  const admission = buildAdmission(ground, database, staging);
  const storage = buildStorage(ground, database, { staging, secrets, admitBytes: admission.admitBytes });
  const identity = buildIdentity(ground, database, secrets);
  const realtime = buildRealtime(ground, database, identity);
  const queue = prepareQueue();
  const products = buildProducts(ground, database, staging, storage, queue, realtime.uploadProgress);
  storage.receivedBy((key) => products.arrivals.arrived(key));
  const prepare = buildPrepare(ground, { database, staging }, storage, products);
  const credentials = credentialsModule({
    database,
    keys: secrets.credentials,
    log: ground.log,
    unreadable: ground.metrics.credentialsUnreadable,
  });
  const operators = operatorsModule({ database });
  const work = buildWork(ground, database, storage, products, { credentials, operators });
  const audit = buildAudit({ ...ground, database, staging, storage });
  const maintenance = maintenanceModule({
    ...ground,
    database,
    staging,
    store: storage.store,
    keyOf: products.keyOf,
    // leases first: what a lost one has stored is drained with the rest
    sweepSteps: [
      ...productSteps({ work, prepare }),
      audit.releaseEnding,
      ...sweepSteps(storage, resolve(ground.settings.DATA_DIR)),
    ],
    retentionSteps: [audit.quarantineExpiry],
    ages: retentionAgesOf(ground.settings),
  });
  const backup = buildBackup({ ...ground, database, staging, storage, maintenance });
  return {
    admission,
    storage,
    identity,
    products,
    credentials,
    operators,
    maintenance,
    audit,
    backup,
    realtime,
    work,
    prepare,
    prepareQueue: queue,
    router: router({
      ...identity.routers,
      products: mergeRouters(products.router, realtime.productEventsRouter),
      realtime: realtime.router,
      uploads: products.uploadsRouter,
      credentials: credentials.router,
      work: work.router,
    }),
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

function buildStorage(
  { settings, log, port, metrics }: Ground,
  database: Database,
  { staging, secrets, admitBytes }: { staging: StagingArea; secrets: Secrets; admitBytes: AdmitBytes },
) {
  const holds = maintenanceHold(database);
  return storageModule({
    orm: database.orm,
    staging,
    admitBytes,
    pace: bodyPaceOf(settings),
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
    longestUrlSeconds: Math.max(LONGEST_GET_SECONDS, settings.PUT_URL_TTL_SECONDS),
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    putMaxDurationSeconds: settings.PUT_MAX_DURATION_SECONDS,
    onHold: async () => (await holds.current()) !== null,
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
      loginLimits: loginLimitsOf(settings),
    },
  });
}

function buildRealtime(
  { settings, log, port, metrics }: Ground,
  database: Database,
  identities: ReturnType<typeof buildIdentity>,
) {
  return realtimeModule({
    database,
    identities,
    clock: systemClock,
    log,
    corsOrigins: settings.CORS_ORIGINS,
    publicUrl: () => publicUrlOf(settings, port()),
    unknownProductSeconds: settings.UPLOAD_FOLLOW_SECONDS,
    followersPerSeller: settings.FOLLOWERS_PER_SELLER,
    slowConsumerSeconds: settings.SLOW_CONSUMER_SECONDS,
    delivered: metrics.eventDelivered,
  });
}
