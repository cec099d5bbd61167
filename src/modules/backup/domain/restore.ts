import type { Branded } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';
import type { BackedObject } from './backed-object';
import type { BackupId } from './layout';
import type { Manifest, SequenceState } from './manifest';

/** One process that restores, from its beginning to its end: what it has begun, no other one ends. A UUID. */
export type RestoreRun = Branded<'RestoreRun'>;

/** What a restore finds in the database that it is to fill. */
export type FoundDatabase =
  /** Nothing, or this software's schema and nothing of worth in it. */
  | { readonly is: 'empty' }
  | { readonly is: 'filled' }
  /** Something that this version of this software has not made: it is never thrown away. */
  | { readonly is: 'foreign'; readonly what: readonly string[] }
  /** A restore has begun here and not ended. */
  | ({ readonly is: 'half-restored' } & Progress)
  /** The same, by an earlier version, which did not write down whose it is and where its objects go: nobody can go on with it. */
  | { readonly is: 'half-restored by an earlier version'; readonly backupId: BackupId };

/** How far a restore has come; written down in the database that it fills. */
export interface Progress {
  /** Whose it is. Another run that goes on with it makes it its own. */
  readonly run: RestoreRun;
  readonly backupId: BackupId;
  /** begun: no row is there. loaded: all rows are there, as they were in the snapshot. */
  readonly phase: 'begun' | 'loaded';
  /** Where the objects go: the store's `place`. */
  readonly place: string;
  /** Nothing was in that place: what is there now under the backup's keys, this restore has put. */
  readonly bucketWasEmpty: boolean;
  /** It is a drill's: never served from, and thrown away by the next one. */
  readonly isRehearsal: boolean;
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
  /**
   * Does the work while no other restore can be at work in the database, and no server can start on it.
   * @param work told when that is not so any more, because the connection was lost: it may not go on
   * @throws RestoreRefused where another restore is at work, or servers are connected
   */
  alone<Result>(work: (lost: AbortSignal) => Promise<Result>): Promise<Result>;
  find(): Promise<FoundDatabase>;
  /** Throws away whatever tables of this software are there, and writes down that a restore is under way: nobody serves from now on. */
  begin(progress: Progress): Promise<void>;
  /** What another run has begun is this one's from now on. @throws RunLost it is not that one's any more */
  goOn(begun: RestoreRun, run: RestoreRun): Promise<void>;
  /**
   * Throws all of it away again, if it is this run's still: else nothing happens. Nobody knows afterwards that there was a restore.
   * @param alsoGoes what goes with it, while nobody else can go on with it; where it fails, everything stays
   * @returns whether it was this run's
   */
  abandon(run: RestoreRun, alsoGoes: () => Promise<void>): Promise<boolean>;
  /**
   * Makes the schema of that version and loads all rows in one transaction, triggers off and foreign keys on; the phase goes with it.
   * @throws BackupDamaged; RunLost
   */
  load(
    run: RestoreRun,
    lastMigration: number,
    tables: readonly LoadedTable[],
    sequences: readonly SequenceState[],
  ): Promise<void>;
  /** Brings the schema to this code's. */
  migrateOn(): Promise<void>;
  /**
   * Everything that is not true any more at another time than the snapshot's is put right, upkeep goes on hold, and the restore is
   * over; a rehearsal is never over, but abandoned. @throws RunLost
   */
  finish(run: RestoreRun, end: RestoreEnd): Promise<void>;
  /**
   * The same, of a database that was brought back to an earlier moment by other means, such as PITR.
   * @throws RestoreRefused where servers are connected
   */
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
  /** Null where that takes too long to count. */
  count(): Promise<number | null>;
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
  /** Of the objects: the key held other bytes, which are gone. */
  readonly replaced: number;
  readonly lost: readonly ObjectKey[];
  readonly seconds: number;
}
