import type { ImageId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { RecordedRun, RunId } from './maintenance-run';

/**
 * - `orphan`: an object that neither a row nor an intent names
 * - `missing`: a row names it, and the store does not have it
 * - `wrong_size`, `wrong_sha256`: the object is not what its row says
 */
export type FindingKind = 'orphan' | 'missing' | 'wrong_size' | 'wrong_sha256';

/** found: not acted on yet. cleared: it was no longer so when looked at again. */
export type FindingState = 'found' | 'cleared' | 'quarantined' | 'reported';

export interface Finding {
  readonly key: ObjectKey;
  readonly kind: FindingKind;
  readonly details: FindingDetails;
}

export interface FindingDetails {
  readonly size_bytes?: number;
  readonly expected_size_bytes?: number;
  readonly sha256?: string;
  readonly expected_sha256?: string;
  /** ISO 8601; of an orphan. */
  readonly last_modified?: string;
  readonly image_id?: string;
  readonly object?: NamedRow['kind'];
  /** Why nothing was done about it. */
  readonly why?: string;
}

/** A row's word on an object. What nobody has written down is null. */
export interface NamedRow {
  readonly key: ObjectKey;
  readonly kind: 'original' | 'processed' | 'variant';
  readonly imageId: ImageId;
  readonly sizeBytes: number | null;
  readonly sha256: Sha256 | null;
}

export interface ListedObject {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

export interface ObjectHead extends ListedObject {
  readonly sha256: Sha256 | null;
}

/** What the audit asks of the object store. */
export interface AuditedStore {
  readonly kind: 'disk' | 's3';
  /** Sorted by the bytes of keys. */
  list(prefix: KeyPrefix, after?: ObjectKey): AsyncIterable<ListedObject>;
  head(key: ObjectKey): Promise<ObjectHead | null>;
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  /** Within the store; safe to repeat. @throws where the target holds other bytes */
  copy(from: ObjectKey, to: ObjectKey): Promise<void>;
  /** @throws ObjectsNotDeleted for single objects, when the others are gone */
  deleteMany(keys: readonly ObjectKey[]): Promise<void>;
  /** @throws AppError STORAGE_UNAVAILABLE where the store as a whole can't be used */
  check(): Promise<void>;
}

/** What the database says of objects. */
export interface NamingRows {
  /** How many objects rows name; null where that takes too long to count. */
  count(): Promise<number | null>;
  /** Every object under `products/` that a row names, behind `after`, in the order of keys' bytes, page by page. */
  pages(after: ObjectKey | null): AsyncIterable<readonly NamedRow[]>;
  /** What the rows say of these keys at this moment. */
  byKeys(keys: readonly ObjectKey[]): Promise<readonly NamedRow[]>;
  /**
   * By what each key is named at one moment: by a row, or by an intent of any state (uploads by any way, deletions, leases). What
   * nothing names is missing.
   */
  namesOf(keys: readonly ObjectKey[]): Promise<ReadonlyMap<ObjectKey, 'row' | 'intent'>>;
  /** Whether there is any account: a database without one has never served anybody. */
  hasAccounts(): Promise<boolean>;
  /** Whether a row names a bucket that is neither the configured one nor a former name of it: its object would look like an orphan. */
  hasUnknownBucket(): Promise<boolean>;
  /** Says of images whose row still names the key as its original that it is damaged. @returns how many were whole until then */
  markDamaged(key: ObjectKey): Promise<number>;
}

/** Of runs: each by its `findingsRunId`. */
export interface AuditFindings {
  /** Those that are known of this run already are left as they are. */
  add(run: RunId, findings: readonly Finding[]): Promise<void>;
  /** Those that nothing was done about yet, in order of keys. */
  open(run: RunId, after: ObjectKey | null, limit: number): Promise<readonly Finding[]>;
  settle(run: RunId, key: ObjectKey, state: Exclude<FindingState, 'found'>, why?: string): Promise<void>;
  /** The last run of the audit that has come to its end, or was stopped by its brake or before it with findings. */
  lastRun(): Promise<Pick<RecordedRun, 'id' | 'findingsRunId'> | null>;
  /** Open orphans of the run whose objects were last modified before. */
  countOrphans(run: RunId, before: Date): Promise<number>;
  /** Open findings of the run that are of rows: missing and wrong. */
  countWrong(run: RunId): Promise<number>;
  /** All of a run, in order of keys. */
  page(
    run: RunId,
    after: ObjectKey | null,
    limit: number,
  ): Promise<readonly (Finding & { readonly state: FindingState })[]>;
}

/** More is wrong than there should ever be: with the rows, the bucket or this configuration. Nothing was touched. */
export class AuditBrake extends Error {
  override readonly name = 'AuditBrake';
  /** Without what became of it: an audit that only looks is not stopped. */
  readonly why: string;
  constructor(found: string, limit: number) {
    const why = `${found}; more than ${limit} (AUDIT_BRAKE_MIN, AUDIT_MAX_SHARE) is no matter of single objects`;
    super(`${why}. Nothing was touched. Is this the database of this bucket?`);
    this.why = why;
  }
}

export class UnknownBucketNamed extends Error {
  override readonly name = 'UnknownBucketNamed';
  constructor() {
    super(
      'rows name a bucket that is neither S3_BUCKET_NAME nor one of S3_FORMER_BUCKET_NAMES: their objects would look like orphans',
    );
  }
}
