import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { ObjectRole } from './backed-object';
import type { Bytes } from './codec';
import type { Manifest, SequenceState } from './manifest';

/** An object of a row that tells no digest, and of which no earlier backup has written one down. */
export interface UndigestedObject {
  readonly url: string;
  readonly key: ObjectKey;
  readonly role: ObjectRole;
}

/** The database as of one moment. One stream at a time; close it when nothing more is read. */
export interface Snapshot {
  readonly facts: Pick<Manifest, 'schema' | 'serverVersion' | 'snapshotAt'>;
  /** So ordered that a row comes after those that it refers to. `rows` is the planner's guess. */
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[]; readonly rows: number }[];
  readonly sequences: readonly SequenceState[];
  /** COPY's text format. */
  rows(table: string): Bytes;
  /** Lines of BackedObject, sorted by name: every object whose digest is known. */
  objects(): Bytes;
  undigested(): AsyncIterable<UndigestedObject>;
  close(): Promise<void>;
}

export interface SnapshotSource {
  /** @param namingKey as `Codec.namingKey`: names are made where they are sorted. Errors reach whoever reads a stream. */
  open(namingKey: Uint8Array | null): Promise<Snapshot>;
  /** Writes down what was found out, for the next backup. */
  learnDigests(digests: readonly { readonly url: string; readonly sha256: Sha256 }[]): Promise<void>;
  /** Forgets digests of objects that no row names any more. */
  forgetDigests(): Promise<void>;
}
