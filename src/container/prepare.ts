import { availableParallelism } from 'node:os';
import { prepareParts } from '../modules/processing';
import type { ProductsModule } from '../modules/products';
import type { StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import { enqueueMissingPrepares, prepareQueueLengths } from '../platform/jobs/prepare-jobs';
import type { StagingArea } from '../platform/staging/staging-area';
import type { Ground } from './ground';

/** The work of preparing images, on what storage and products give it. */
export function buildPrepare(
  { settings, log, metrics }: Ground,
  { database, staging }: { readonly database: Database; readonly staging: StagingArea },
  storage: StorageModule,
  products: ProductsModule,
) {
  const prepare = prepareParts({
    database,
    log,
    storedUrls: products,
    journal: storage.journal,
    objects: storage.store,
    folders: staging,
    leadOn: products.changeStatusWithin,
    record: metrics.prepare,
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    decoders: {
      size: settings.PREPARE_CONCURRENCY ?? Math.max(1, Math.floor(availableParallelism() / 2)),
      timeoutSeconds: settings.PREPARE_TIMEOUT_SECONDS,
      maxPixels: settings.MAX_IMAGE_PIXELS,
    },
  });
  metrics.collected(
    'prepare_queue',
    'Products whose images wait to be decoded, by the state of their job.',
    'state',
    () => prepareQueueLengths((text) => database.query(text)),
  );
  return { ...prepare, enqueueMissing: () => enqueueMissingPrepares((text, values) => database.query(text, values)) };
}
