import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authenticatedPrincipal } from '../../src/kernel/authenticated-principal';
import { newId, type UserId } from '../../src/kernel/ids';
import type { KeyPrefix } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { type CreateProductDeps, createProduct } from '../../src/modules/products/application/create-product';
import { Slots } from '../../src/modules/products/application/slots';
import { createImageInspector } from '../../src/modules/products/domain/images/image-inspector';
import { postgresIdempotencyKeys } from '../../src/modules/products/infrastructure/postgres-idempotency-keys';
import { postgresUploadedProducts } from '../../src/modules/products/infrastructure/postgres-uploaded-products';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { storageModule } from '../../src/modules/storage';
import type { S3StoreConfig } from '../../src/modules/storage/infrastructure/s3/s3-config';
import { transactionsOf } from '../../src/platform/database/transaction';
import { multipartBody } from '../../src/platform/http/multipart-body';
import { enqueuePrepare } from '../../src/platform/jobs/prepare-jobs';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { silentLog } from './log';
import { chunkedRequest, multipartBytes, multipartType, productParts, type TestPart } from './multipart';
import { type TestDatabase, testDatabase } from './postgres';

export type UploadKit = Awaited<ReturnType<typeof uploadKit>>;

export const LIMITS = { maxImages: 8, maxImageBytes: 10 * 2 ** 20, maxUploadBytes: 50 * 2 ** 20 };
export const PROMPT = 'A used bicycle, blue, new tyres';

export interface UploadKitOptions {
  intentTtlSeconds?: number;
  putMaxDurationSeconds?: number;
  /** By default the disk store. */
  s3?: S3StoreConfig | null;
  /** What signed URLs of the disk store begin with. */
  publicUrl?: () => string;
}

/** Everything that creates a product, on a real database and a store, with each part open to be replaced. */
export async function uploadKit(options: UploadKitOptions = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'test-upload-'));
  const db: TestDatabase = await testDatabase();
  const staging = await openStagingArea(join(dataDir, 'staging'), silentLog);
  const storage = storageModule({
    orm: db.database.orm,
    staging,
    log: silentLog,
    measure: (store) => store,
    s3: options.s3 ?? null,
    disk: { dataDir, publicUrl: options.publicUrl ?? (() => 'http://test.invalid'), secret: 'secret of tests' },
    formerBuckets: [],
    longestUrlSeconds: 3600,
    intentTtlSeconds: options.intentTtlSeconds ?? 120,
    putMaxDurationSeconds: options.putMaxDurationSeconds ?? 3600,
    onHold: () => Promise.resolve(false),
  });
  await storage.store.prepare();
  const inTransaction = transactionsOf(db.database);
  const deps: CreateProductDeps = {
    journal: storage.journal,
    originals: storage.store,
    putSlots: new Slots(8),
    renewEveryMs: 20_000,
    log: silentLog,
    folders: staging,
    keys: postgresIdempotencyKeys({ inTransaction, journal: storage.journal, ttlSeconds: 86_400 }),
    products: postgresUploadedProducts(db.database.orm, storedUrls(storage.store.bucket, [])),
    prepareQueue: { enqueue: enqueuePrepare, wake: () => undefined },
    inTransaction,
    estimate: () => Promise.resolve(15),
    inspect: () => createImageInspector({ minWidth: 800, minHeight: 600, maxPixels: 50_000_000 }),
    limits: LIMITS,
    requireQuota: () => Promise.resolve(),
  };
  return {
    dataDir,
    db,
    deps,
    storage,
    staging,

    async seller(): Promise<Seller> {
      const userId = newId<UserId>();
      await db.sql('insert into users (id, email, password_hash) values ($1, $2, $3)', [
        userId,
        `${userId}@test.invalid`,
        'x',
      ]);
      return authenticatedPrincipal({ userId, role: 'seller' }) as Seller;
    },

    create: (seller: Seller, parts: TestPart[], change: { key?: string; deps?: Partial<CreateProductDeps> } = {}) =>
      createProduct({ ...deps, ...change.deps })(seller, {
        body: bodyOf(parts),
        idempotencyKey: change.key ?? null,
        productId: null,
      }),

    /** Keys of all objects in the store. */
    async keys(): Promise<string[]> {
      const keys: string[] = [];
      for await (const { key } of storage.store.list('' as KeyPrefix)) keys.push(key);
      return keys;
    },

    intents: () =>
      db.sql<{ state: string; kind: string; prefix: string }>('select state, kind, prefix from intents order by id'),
    count: async (table: 'products' | 'product_images' | 'idempotency_keys') =>
      (await db.sql<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n,
    temporaryFiles: () => readdir(staging.folder, { recursive: true }),

    async stop() {
      await staging.close();
      await db.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function bodyOf(parts: TestPart[]) {
  const request = chunkedRequest([multipartBytes(parts)], multipartType());
  const isFileField = (name: string) => name === 'images' || name === 'images[]';
  return multipartBody(request, { totalBytes: LIMITS.maxUploadBytes, fields: 8, fieldBytes: 16_384 }, { isFileField });
}

export { productParts };
