import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { abortUpload } from './application/direct/abort-upload';
import { Arrivals } from './application/direct/arrivals';
import { completeUpload } from './application/direct/complete-upload';
import { renewUploadUrls } from './application/direct/renew-upload-urls';
import { startUpload } from './application/direct/start-upload';
import { type AnnouncedObject, verifyImages } from './application/direct/verify-images';
import type { Signing } from './application/signed-product';
import { Slots } from './application/slots';
import type { DeclarationLimits } from './domain/declared-images';
import type { DirectUploadLimits } from './domain/direct-upload';
import type { DirectObjects } from './domain/direct-upload-ports';
import { inspectHeadAndTail, type ReadRange } from './domain/images/head-and-tail';
import type { ImageLimits } from './domain/images/image-facts';
import { inspectResult } from './domain/images/inspect-result';
import type { PrepareQueue } from './domain/prepare-queue';
import type { ObjectCopies } from './domain/rekey';
import type { AttemptJournal } from './domain/upload-ports';
import type { UploadProgress } from './domain/upload-progress';
import { postgresArriving } from './infrastructure/postgres-arriving';
import { postgresDirectUploads } from './infrastructure/postgres-direct-uploads';
import { postgresIdempotencyKeys } from './infrastructure/postgres-idempotency-keys';
import { postgresUploadedProducts } from './infrastructure/postgres-uploaded-products';
import type { Stored } from './upload-parts';

/** Images of one process that are verified at once: each is three requests to the store. */
const CONCURRENT_VERIFICATIONS = 12;
/** Copies within the store that one process asks for at once. */
const CONCURRENT_COPIES = 16;

export interface DirectPartsDeps {
  readonly database: Database;
  readonly journal: AttemptJournal;
  readonly objects: DirectObjects;
  readonly copies: ObjectCopies;
  readonly prepareQueue: PrepareQueue;
  readonly clock: Clock;
  readonly uploadLimits: DeclarationLimits;
  readonly directLimits: DirectUploadLimits;
  readonly imageLimits: ImageLimits;
  readonly directUploadTtlSeconds: number;
  readonly putUrlTtlSeconds: number;
  readonly intentTtlSeconds: number;
  readonly idempotencyTtlSeconds: number;
  readonly progress?: UploadProgress;
  readonly log: Log;
}

/** Gives the use cases of direct uploads their dependencies. */
export function directUploadUseCases(deps: DirectPartsDeps & Signing & Stored) {
  const { inTransaction, journal, idempotencyTtlSeconds: ttlSeconds } = deps;
  const shared = {
    ...deps,
    uploads: postgresDirectUploads(deps.database.orm),
    uploadedProducts: postgresUploadedProducts(deps.database.orm, deps.storedUrls, deps.quota),
    keys: postgresIdempotencyKeys({ inTransaction, journal, ttlSeconds }),
    verifySlots: new Slots(CONCURRENT_VERIFICATIONS),
    putSlots: new Slots(CONCURRENT_COPIES),
    renewEveryMs: (deps.intentTtlSeconds * 1000) / 4,
    limits: { ...deps.uploadLimits, ...deps.directLimits },
    inspect: (sizeBytes: number, read: ReadRange) => inspectHeadAndTail(deps.imageLimits, sizeBytes, read),
  };
  return {
    startUpload: startUpload(shared),
    renewUploadUrls: renewUploadUrls(shared),
    completeUpload: completeUpload(shared),
    abortUpload: abortUpload(shared),
  };
}

/** Tells how far direct uploads are whose photos come by this server. */
export function arrivalsOf({
  database,
  objects,
  progress = { tell: () => undefined },
  log,
}: Pick<DirectPartsDeps, 'database' | 'objects' | 'progress' | 'log'>): Arrivals {
  return new Arrivals({ find: postgresArriving(database.orm), objects, progress, log });
}

/** Looks whether the results of workers are stored as announced: the same rules as for uploads, and WebP. */
export function resultVerifier({ objects, imageLimits }: Pick<DirectPartsDeps, 'objects' | 'imageLimits'>) {
  const deps = {
    objects,
    verifySlots: new Slots(CONCURRENT_VERIFICATIONS),
    inspect: (sizeBytes: number, read: ReadRange) => inspectResult(imageLimits, sizeBytes, read),
  };
  return (images: readonly AnnouncedObject[]) => verifyImages(deps, images);
}
