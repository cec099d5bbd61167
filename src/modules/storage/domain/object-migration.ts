import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';

/** An id as it stands in a key; part of a regular expression. */
export const UUID_PATTERN = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** An object that something names, with the digest that its row has, if it has one. */
export interface NamedObject {
  readonly key: ObjectKey;
  readonly sha256: Sha256 | null;
}

/** What the database says about objects, read page by page: memory does not grow with their number. */
export interface NamedObjects {
  /** Objects that rows name, at this moment; null where the database takes too long to count them. */
  count(): Promise<number | null>;
  /** Every object that a row names, and what is in quarantine. @throws AppError INTERNAL where a row names a bucket that is not known */
  ofRows(): AsyncIterable<NamedObject>;
  /** Where living attempts write: folders that end with `/`, or whole keys. */
  ofOpenIntents(): AsyncIterable<KeyPrefix>;
  /**
   * By what each key is named at one moment; a row goes before an intent in whatever state, and what nothing names is missing.
   * Commits move a key from its intent to its row at once, so none of them is seen without a name in between.
   */
  namesOf(keys: readonly ObjectKey[]): Promise<ReadonlyMap<ObjectKey, 'row' | 'intent'>>;
  /**
   * Those that are on their way into quarantine or have left it: their bytes may be under this key alone, though neither row nor intent
   * names it. Apart from `namesOf`, by which a move itself asks whether anything else needs the object.
   */
  ofQuarantine(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;
}

/**
 * Why an object is not on the target as it has to be:
 * - `missing`: a row names it, and the source does not have it
 * - `damaged`: the source's bytes are not those of the row's sha-256 (or of what the source says of them)
 * - `differs`: the target has other bytes under the key; keys are write-once, so they are not replaced
 * - `unreadable`: source or target does not give this object's bytes, though both answer
 */
export interface MigrationProblem {
  readonly key: ObjectKey;
  readonly problem: 'missing' | 'damaged' | 'differs' | 'unreadable';
}

export interface MigrationProgress {
  /** Objects dealt with. */
  readonly done: number;
  /** Objects that rows named at the beginning: `done` may end a little above or below it. Null: not known. */
  readonly total: number | null;
  readonly copiedBytes: number;
}

export interface MigrationReport {
  readonly copied: number;
  readonly copiedBytes: number;
  /** Were on the target already, with the same sha-256. */
  readonly present: number;
  /** Deleted from the source while this ran. */
  readonly gone: number;
  readonly problems: number;
  /** On the target, under this software's keys, and named by nothing: deleted since an earlier run copied them. */
  readonly unnamed: number;
  /** Those of them that were deleted: all or none, as asked for. */
  readonly pruned: number;
}

/** What is put on the target is seen on the source: they are one store, and nothing may be pruned there. */
export class TargetIsSource extends Error {
  override readonly name = 'TargetIsSource';
  constructor() {
    super('the target is the store that the objects are in');
  }
}
