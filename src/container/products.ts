import { publicUrlOf } from '../config/derive';
import { systemClock } from '../kernel/clock';
import { workEstimate } from '../modules/processing';
import { productsModule, type UploadProgress } from '../modules/products';
import type { StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import type { PrepareQueue } from '../platform/jobs/prepare-jobs';
import { prepareQueueFacts } from '../platform/jobs/prepare-queue-facts';
import type { StagingArea } from '../platform/staging/staging-area';
import { signedImageUrls } from '../signed-image-urls';
import type { Ground } from './ground';

/** Products, on the store, the queue of photos to be decoded, and what tells of an upload's progress. */
export function buildProducts(
  { settings, log, port }: Ground,
  database: Database,
  staging: StagingArea,
  storage: StorageModule,
  prepareQueue: PrepareQueue,
  progress: UploadProgress,
) {
  return productsModule({
    progress,
    database,
    // the disk store gives the file itself its lasting name; to S3 its bytes are sent
    folders: storage.store.kind === 's3' ? { open: staging.openUnnamed } : staging,
    prepareQueue,
    log,
    journal: storage.journal,
    originals: storage.store,
    objects: storage.store,
    clock: systemClock,
    copies: { copy: storage.copyIfThere },
    drainProduct: storage.drainProduct,
    storeAnswers: () => storage.store.check(),
    imageUrls: signedImageUrls(storage.store, systemClock, settings.CDN_BASE_URL),
    drainSoon: storage.drainer.soon,
    bucket: storage.store.bucket,
    formerBuckets: settings.S3_FORMER_BUCKET_NAMES,
    urlTtlSeconds: settings.URL_TTL_SECONDS,
    estimate: workEstimate({ database }, () => prepareQueueFacts((text) => database.query(text))),
    publicUrl: () => publicUrlOf(settings, port()),
    intentTtlSeconds: settings.INTENT_TTL_SECONDS,
    idempotencyTtlSeconds: settings.IDEMPOTENCY_TTL_SECONDS,
    directUploadTtlSeconds: settings.DIRECT_UPLOAD_TTL_SECONDS,
    putUrlTtlSeconds: settings.PUT_URL_TTL_SECONDS,
    directLimits: {
      maxOpenUploads: settings.MAX_OPEN_DIRECT_UPLOADS,
      maxReplacements: settings.MAX_DIRECT_UPLOAD_REPLACEMENTS,
    },
    uploadLimits: {
      maxImages: settings.MAX_IMAGES,
      maxImageBytes: settings.MAX_IMAGE_BYTES,
      maxUploadBytes: settings.MAX_UPLOAD_BYTES,
    },
    quota: { products: settings.QUOTA_PRODUCTS || null, bytes: settings.QUOTA_BYTES || null },
    imageLimits: {
      minWidth: settings.MIN_IMAGE_WIDTH,
      minHeight: settings.MIN_IMAGE_HEIGHT,
      maxPixels: settings.MAX_IMAGE_PIXELS,
    },
  });
}
