import { randomBytes } from 'node:crypto';
import { systemClock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { ObjectKey } from '../../kernel/object-key';
import type { AdmitBytes } from '../../platform/admission/upload-admission';
import type { Orm } from '../../platform/database/database';
import type { BodyPace } from '../../platform/http/body-pace';
import type { StagingArea } from '../../platform/staging/staging-area';
import { filesDoor } from './api/files-door';
import { coalesce } from './application/coalesce';
import { copyIfThere } from './application/copy-if-there';
import { type DrainReport, drainIntents, drainOne } from './application/drain-intents';
import { drainProduct } from './application/drain-product';
import { freeHeld, freeLostHeld } from './application/hold';
import { checkStore } from './application/store-check/check-store';
import type { IntentJournal } from './domain/intent-journal';
import type { ObjectStore } from './domain/object-store';
import { heldKey } from './domain/pins';
import { type SessionNeeds, shortestSessionSeconds } from './domain/signing-session';
import { DiskStore } from './infrastructure/disk/disk-store';
import { DiskUrlSigner } from './infrastructure/disk/sign';
import { postgresDoomedIntents } from './infrastructure/postgres-doomed-intents';
import { postgresIntentJournal } from './infrastructure/postgres-intent-journal';
import { namesOfKeys } from './infrastructure/postgres-named-objects';
import { postgresPins } from './infrastructure/postgres-pins';
import type { S3StoreConfig } from './infrastructure/s3/s3-config';
import { S3Store } from './infrastructure/s3/s3-store';
import { type Migration, objectMigration } from './migration-parts';

/** A bucket of the disk store is a directory; rows name it all the same. */
const DISK_BUCKET = 'intellipost-images';

export interface StorageModuleDeps {
  readonly orm: Orm;
  readonly staging: StagingArea;
  readonly log: Log;
  /** Records the time of the store's calls. */
  readonly measure: (store: ObjectStore) => ObjectStore;
  /** Null: files under the data directory. */
  readonly s3: S3StoreConfig | null;
  readonly disk: {
    readonly dataDir: string;
    readonly publicUrl: () => string;
    readonly secret: string | Uint8Array;
    readonly previousSecret?: string;
    /** Whether a CDN in front may keep what the files door delivers. */
    readonly cacheScope?: 'private' | 'public';
  };
  /** Lets in what is put by signed URLs of the disk store. Absent: all of it. */
  readonly admitBytes?: AdmitBytes;
  /** That a PUT to the disk store must keep; what is absent is as everywhere. */
  readonly pace?: Partial<BodyPace>;
  readonly formerBuckets: readonly string[];
  /** The longest life that is promised of a signed URL. */
  readonly longestUrlSeconds: number;
  readonly intentTtlSeconds: number;
  readonly putMaxDurationSeconds: number;
  /** Whether upkeep is to delete nothing at present. */
  readonly onHold: () => Promise<boolean>;
}

export type StorageModule = ReturnType<typeof storageModule>;

/** The object store, its signed URLs, and the journal that keeps it clean. */
export function storageModule(deps: StorageModuleDeps) {
  let received: (key: ObjectKey) => void = () => undefined;
  const { store: unmeasured, door } = deps.s3
    ? { store: new S3Store({ config: deps.s3, sessions: sessionNeeds(deps) }), door: null }
    : diskStore(deps, (key) => received(key));
  const store = deps.measure(unmeasured);
  const buckets = [store.bucket, ...deps.formerBuckets];
  const intents = postgresDoomedIntents(deps.orm, buckets, deps.putMaxDurationSeconds);
  const pins = postgresPins(deps.orm);
  const drain = { intents, store, pins, log: deps.log, onHold: deps.onHold };
  const journal: IntentJournal = postgresIntentJournal(deps.orm, deps.intentTtlSeconds);
  const sweep = (signal?: AbortSignal): Promise<DrainReport> => drainIntents(drain)({}, signal);
  return {
    store,
    /** The names that rows may carry: the configured bucket first, then its former ones. */
    buckets,
    journal: { ...journal, drain: drainOne(drain) },
    sweep,
    /** For backups: what is deleted while a pin lives is kept aside first. */
    pins: { ...pins, free: (backupId: string) => freeHeld({ pins, store }, backupId), heldKey },
    /** A step of the sweep. */
    freeLostHeld: () => freeLostHeld({ pins, store }),
    copyIfThere: copyIfThere(store),
    drainProduct: drainProduct(drain),
    /** In the background, for what has just been deleted. Tombstones wait for the sweep: to go through all of them once more after
        each deletion would cost the more, the more has been deleted. */
    drainer: coalesce(
      () => drainIntents(drain)({ onlyNew: true }),
      (error) => deps.log.warn({ err: error }, 'a drain failed; the next sweep goes on with it'),
    ),
    outstandingIntents: () => intents.outstanding(),
    /** By what keys are named: rows and intents, at one moment. */
    namesOf: namesOfKeys(deps.orm, buckets),
    check: checkStore({ store, journal, ask: fetch, clock: systemClock, promised: deps }),
    /** @param keyOf reads the URLs of rows */
    migrationTo(target: S3StoreConfig | 'disk', keyOf: (url: string) => ObjectKey): Migration {
      const to = target === 'disk' ? diskStore(deps).store : new S3Store({ config: target });
      const { orm, staging, log } = deps;
      return objectMigration({ orm, staging, buckets, source: store, journal, log }, to, keyOf);
    },
    /** Another store than the application's, such as that of its backups; nobody is given URLs of it. */
    openOther: (where: { s3: S3StoreConfig } | { folder: string; bucket: string }): ObjectStore =>
      's3' in where ? new S3Store({ config: where.s3 }) : privateFolder(where.folder, where.bucket),
    /** Serves the disk store's signed URLs; null where the store serves its own. */
    filesDoor: door,
    /** @param by told of each key that is put by a signed URL of the disk store; it must neither wait nor fail */
    receivedBy(by: (key: ObjectKey) => void) {
      received = by;
    },
  };
}

function sessionNeeds({ log, longestUrlSeconds }: StorageModuleDeps): SessionNeeds {
  const tooShort = (secondsLeft: number) =>
    log.warn(
      { seconds_left: secondsLeft, seconds_needed: shortestSessionSeconds({ longestUrlSeconds }) },
      'the session of the store’s credentials is too short: signed URLs end with it, before what is promised of them',
    );
  return { longestUrlSeconds, tooShort };
}

function diskStore(deps: StorageModuleDeps, received: (key: ObjectKey) => void = () => undefined) {
  const { dataDir, publicUrl, secret, previousSecret, cacheScope = 'private' } = deps.disk;
  const urls = new DiskUrlSigner({
    bucket: DISK_BUCKET,
    publicUrl,
    secret,
    ...(previousSecret === undefined ? {} : { previousSecret }),
  });
  const store = new DiskStore({ dataDir, bucket: DISK_BUCKET, urls });
  const { staging, admitBytes, pace = {} } = deps;
  const door = filesDoor({ store, urls, staging, cacheScope, received, pace, ...(admitBytes && { admitBytes }) });
  return { store, door };
}

function privateFolder(dataDir: string, bucket: string): DiskStore {
  const urls = new DiskUrlSigner({ bucket, publicUrl: () => 'http://nowhere.invalid', secret: randomBytes(32) });
  return new DiskStore({ dataDir, bucket, urls });
}
