import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';
import type { BackedObject } from './backed-object';
import type { BackupId } from './layout';
import type { Manifest, SequenceState } from './manifest';

/** What a restore finds in the database that it is to fill. */
export type FoundDatabase =
  /** Nothing, or this software's schema without an account. */
  | { readonly is: 'empty' }
  | { readonly is: 'filled' }
  /** Tables, and not this software's. */
  | { readonly is: 'foreign' }
  /** A restore has begun here and not ended. */
  | ({ readonly is: 'half-restored' } & Progress);

/** How far a restore has come; written down in the database that it fills. */
export interface Progress {
  readonly backupId: BackupId;
  /** begun: no row is there. loaded: all rows are there, as they were in the snapshot. */
  readonly phase: 'begun' | 'loaded';
  /** Nothing was in the bucket: what is there now, this restore has put. */
  readonly bucketWasEmpty: boolean;
}

/** The rows of one table, as COPY … FROM STDIN takes them. */
export interface LoadedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly lines: number;
  rows(): AsyncIterable<Uint8Array>;
}

/** The database that is filled, as the role that owns it. */
export interface RestoredDatabase {
  find(): Promise<FoundDatabase>;
  /** Whether servers are connected to it. */
  isInUse(): Promise<boolean>;
  /** Throws away whatever tables of this software are there, and writes down that a restore is under way: nobody serves from now on. */
  begin(progress: Progress): Promise<void>;
  /** As `begin`, and nobody knows afterwards that there was a restore. */
  abandon(): Promise<void>;
  /** Makes the schema of that version and loads all rows in one transaction, triggers off and foreign keys on; the phase goes with it. */
  load(lastMigration: number, tables: readonly LoadedTable[], sequences: readonly SequenceState[]): Promise<void>;
  /** Brings the schema to this code's. */
  migrateOn(): Promise<void>;
  /** Everything that is not true any more at another time than the snapshot's is put right, upkeep goes on hold, and the restore is over. */
  finish(end: RestoreEnd): Promise<void>;
  /** The same, of a database that was brought back to an earlier moment by other means, such as PITR. */
  putRight(reason: string): Promise<void>;
}

export interface RestoreEnd {
  /** For the hold of upkeep. */
  readonly reason: string;
  readonly startedAt: Date;
  readonly counts: Readonly<Record<string, number>>;
  /** Objects that rows name and that could not be brought back: their images are called damaged. */
  readonly lost: readonly ObjectKey[];
}

/** An object that a row of the living database names. The digest is null where no row tells it. */
export type LivingObject = Pick<BackedObject, 'key' | 'sizeBytes' | 'role'> & { readonly sha256: Sha256 | null };

/** What the living database names at present. */
export interface LivingObjects {
  count(): Promise<number>;
  /** In constant memory; what comes and goes meanwhile may be in it or not. */
  objects(): AsyncIterable<LivingObject>;
}

/** The application's own store. */
export interface RestoredStore {
  readonly bucket: string;
  head(key: ObjectKey): Promise<{ readonly sha256: Sha256 | null; readonly sizeBytes: number } | null>;
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  put(key: ObjectKey, file: StagedFile, contentType: string): Promise<void>;
  list(prefix: KeyPrefix): AsyncIterable<{ readonly key: ObjectKey }>;
  deleteMany(keys: readonly ObjectKey[]): Promise<void>;
}

export interface RestoreReport {
  readonly manifest: Manifest;
  readonly rows: number;
  readonly objects: number;
  readonly bytes: number;
  /** Were there already, with the right bytes. */
  readonly present: number;
  readonly lost: readonly ObjectKey[];
  readonly seconds: number;
}
