import type { Log } from '../../kernel/log';
import type { Seller } from '../../kernel/principal';
import type { InTransaction } from '../../kernel/transaction';
import type { Database } from '../../platform/database/database';
import { type AddImagesRequest, addImages } from './application/add-images';
import type { UploadLimits } from './application/admit-upload';
import { appendImages } from './application/append-images';
import { createProduct } from './application/create-product';
import { revokeUrls } from './application/revoke-urls';
import { type Signing, signProduct } from './application/signed-product';
import { Slots } from './application/slots';
import type { ImageLimits } from './domain/images/image-facts';
import { createImageInspector } from './domain/images/image-inspector';
import type { ProductRepository } from './domain/ports';
import type { PrepareQueue } from './domain/prepare-queue';
import type { Quota, RequireQuota } from './domain/quota';
import type { DrainProduct, ObjectCopies } from './domain/rekey';
import type { AttemptJournal, EstimatePhase, Originals, UploadFolders } from './domain/upload-ports';
import type { UploadProgress } from './domain/upload-progress';
import { postgresIdempotencyKeys } from './infrastructure/postgres-idempotency-keys';
import { postgresUploadedProducts } from './infrastructure/postgres-uploaded-products';
import { rekeyedProducts } from './infrastructure/rekey-rows';
import type { StoredUrls } from './infrastructure/stored-url';

/** Puts of one process at once: more only make each other wait for the same disk and network. */
const CONCURRENT_PUTS = 12;

export interface UploadPartsDeps {
  readonly database: Database;
  readonly journal: AttemptJournal;
  readonly originals: Originals;
  readonly copies: ObjectCopies;
  readonly drainProduct: DrainProduct;
  readonly storeAnswers: () => Promise<void>;
  readonly folders: UploadFolders;
  readonly prepareQueue: PrepareQueue;
  readonly estimate: EstimatePhase;
  readonly uploadLimits: UploadLimits;
  readonly imageLimits: ImageLimits;
  readonly intentTtlSeconds: number;
  readonly idempotencyTtlSeconds: number;
  /** Absent: nobody follows uploads. */
  readonly progress?: UploadProgress;
  readonly log: Log;
}

export interface Stored {
  readonly storedUrls: StoredUrls;
  readonly inTransaction: InTransaction;
  readonly products: ProductRepository;
  readonly quota: Quota;
  readonly requireQuota: RequireQuota;
}

/** Gives the use cases that write objects their dependencies. */
export function uploadUseCases(deps: UploadPartsDeps & Signing & Stored) {
  const { inTransaction, journal } = deps;
  const shared = {
    ...deps,
    putSlots: new Slots(CONCURRENT_PUTS),
    renewEveryMs: (deps.intentTtlSeconds * 1000) / 4,
    keys: postgresIdempotencyKeys({ inTransaction, journal, ttlSeconds: deps.idempotencyTtlSeconds }),
    inspect: () => createImageInspector(deps.imageLimits),
    limits: deps.uploadLimits,
  };
  const append = appendImages({ products: deps.products, maxImages: deps.uploadLimits.maxImages });
  const add = addImages({ ...shared, append });
  return {
    createProduct: createProduct({
      ...shared,
      products: postgresUploadedProducts(deps.database.orm, deps.storedUrls, deps.quota),
      estimate: () => deps.estimate('upload'),
    }),
    addImages: async (seller: Seller, request: AddImagesRequest) => signProduct(deps, await add(seller, request)),
    revokeUrls: revokeUrls({ ...shared, products: { ...deps.products, ...rekeyedProducts(deps.storedUrls) } }),
  };
}
