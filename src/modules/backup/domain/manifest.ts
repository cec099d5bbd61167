import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { BackupId } from './layout';

/** What this code writes; it reads this one and every earlier one. */
export const FORMAT = 1;

/** A stored file, compressed and perhaps encrypted, that holds a part of a stream of lines; it ends with a whole line. */
export interface Segment {
  /** In the target. */
  readonly key: ObjectKey;
  readonly lines: number;
  /** Of the plain bytes, as are the next two. */
  readonly bytes: number;
  readonly sha256: Sha256;
  readonly storedBytes: number;
}

/** A stream of lines in segments, in this order. */
export interface SegmentedLines {
  readonly lines: number;
  readonly bytes: number;
  /** Of all plain bytes, one segment after the other. */
  readonly sha256: Sha256;
  readonly segments: readonly Segment[];
}

/** One table, as `COPY (SELECT columns) TO STDOUT` in text format writes it; `lines` is the number of its rows. */
export interface TableDump extends SegmentedLines {
  readonly name: string;
  /** In the order of the dump; generated columns are left out. */
  readonly columns: readonly string[];
}

export interface SequenceState {
  readonly name: string;
  /** Null: never used. */
  readonly lastValue: number | null;
}

export interface ObjectsOfBackup {
  /** Lines of BackedObject, sorted by name within a run. One line for each name that a row gives; several may have one blob. */
  readonly list: SegmentedLines;
  /** Indices of the segments of `list` with which names begin anew; from one to the next they are sorted. */
  readonly runs: readonly number[];
  /** Lines of the same kind: named by a row, and not to be had whole when the backup was made. They are in `list` too. */
  readonly absent: SegmentedLines;
  /** Blobs that this backup brought to the target, and their bytes before encryption. */
  readonly sent: { readonly count: number; readonly bytes: number };
  /** Distinct blobs that were there already. */
  readonly present: number;
}

export interface Manifest {
  readonly format: number;
  readonly backupId: BackupId;
  /** Of this software. */
  readonly version: string;
  readonly encryption: 'none' | 'age';
  readonly compression: 'zstd';
  /** The application's bucket whose name the rows carry. */
  readonly bucket: string;
  /** The last migration that was applied: its `when`, and how many there were. */
  readonly schema: { readonly lastMigration: number; readonly migrations: number };
  /** The moment that everything in it is of, by the database's clock. */
  readonly snapshotAt: Date;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly serverVersion: string;
  /** So ordered that a row comes after those that it refers to. */
  readonly tables: readonly TableDump[];
  readonly sequences: readonly SequenceState[];
  readonly objects: ObjectsOfBackup;
  readonly seconds: { readonly tables: number; readonly objects: number; readonly total: number };
}
