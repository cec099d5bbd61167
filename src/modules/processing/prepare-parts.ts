import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import { prepareProduct } from './application/prepare/prepare-product';
import type { AttemptJournal } from './domain/attempt-journal';
import type { PrepareFolders, PrepareObjects } from './domain/prepare/prepare-objects';
import type { PrepareRecord } from './domain/prepare/prepare-record';
import type { LeadOn } from './domain/prepare/unprepared';
import { DecoderPool } from './infrastructure/prepare/decoder-pool';
import { postgresUnpreparedImages } from './infrastructure/prepare/postgres-unprepared-images';
import type { StoredUrls } from './infrastructure/work/stored-url';

export interface PrepareDeps {
  readonly database: Database;
  readonly log: Log;
  readonly storedUrls: StoredUrls;
  readonly journal: AttemptJournal;
  readonly objects: PrepareObjects;
  readonly folders: PrepareFolders;
  readonly leadOn: LeadOn;
  readonly record: PrepareRecord;
  readonly intentTtlSeconds: number;
  readonly decoders: {
    /** PREPARE_CONCURRENCY; 0 where this instance prepares nothing. */
    readonly size: number;
    readonly timeoutSeconds: number;
    readonly maxPixels: number;
    /** For tests: what runs instead of the decoder. */
    readonly script?: string;
  };
}

/** How long a decoder waits for more work before it is ended. */
const IDLE_MS = 30_000;

/** Gives the work of preparing its dependencies. */
export function prepareParts({ decoders, intentTtlSeconds, ...deps }: PrepareDeps) {
  const { size, timeoutSeconds, ...options } = decoders;
  const decoder = new DecoderPool({ ...options, size, timeoutMs: timeoutSeconds * 1000, idleMs: IDLE_MS });
  // One more than there are decoders: while they decode, the next image is fetched and the last one is stored.
  const lanes = size + 1;
  return {
    prepareProduct: prepareProduct({
      ...deps,
      inTransaction: transactionsOf(deps.database),
      images: postgresUnpreparedImages(deps.database, deps.storedUrls),
      decoder,
      lanes,
      renewEveryMs: (intentTtlSeconds * 1000) / 4,
    }),
    /** Jobs of this instance at once. */
    concurrency: size === 0 ? 0 : lanes,
    stop: () => decoder.close(),
  };
}
