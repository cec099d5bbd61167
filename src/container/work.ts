import { systemClock } from '../kernel/clock';
import type { OperatorAudit } from '../modules/operators';
import { type RecordOriginals, type RefreshCredential, type SellerCredentials, workParts } from '../modules/processing';
import type { ProductsModule } from '../modules/products';
import type { StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import type { Ground } from './ground';

/** The work queue, on what storage and products give it. */
export function buildWork(
  { settings, log, metrics }: Ground,
  database: Database,
  storage: StorageModule,
  products: ProductsModule,
  others: {
    credentials: { readonly accountsOfProducts: SellerCredentials; readonly refreshAccount: RefreshCredential };
    operators: Pick<OperatorAudit, 'record'>;
  },
) {
  const work = workParts({
    database,
    log,
    clock: systemClock,
    storedUrls: products,
    signImage: products.signImage,
    verifyResults: products.verifyResults,
    changeStatus: products.changeStatusWithin,
    credentials: others.credentials.accountsOfProducts,
    refreshCredential: others.credentials.refreshAccount,
    recordOriginals: originalsIn(others.operators),
    objects: { signPut: (request) => storage.store.signPut(request), copy: storage.copyIfThere },
    journal: storage.journal,
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    metrics: metrics.work,
    limits: { maxImages: settings.MAX_IMAGES, maxImageBytes: settings.MAX_IMAGE_BYTES },
    maxAttempts: settings.WORK_MAX_ATTEMPTS,
    retryBaseSeconds: settings.WORK_RETRY_BASE_SECONDS,
  });
  metrics.work.queueLengths(work.queueLengths);
  return work;
}

/** Originals are what sellers keep private: who was given which stands beside what operators did. */
const originalsIn =
  (operators: Pick<OperatorAudit, 'record'>): RecordOriginals =>
  ({ holder, productId, ...details }) =>
    operators.record({ actor: holder, source: 'api', command: 'work.urls original', target: productId, details });
