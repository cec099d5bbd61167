import type { ProductId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { RestoreReport } from './restore';

/** A system beside the running one, on a database and a store of its own, for one drill. */
export interface Scratch<Backup> {
  restore(backup: Backup, signal?: AbortSignal): Promise<RestoreReport>;
  /** Rows of a table. */
  count(table: string): Promise<number>;
  /** Some products, at random. */
  someProducts(limit: number): Promise<ProductId[]>;
  /** As its seller reads it, through the application's own procedure; the bytes come by the URLs that it answers. */
  read(id: ProductId): Promise<ReadProduct>;
  /** All that the drill has put goes, whatever became of it, and nothing else does. */
  remove(): Promise<void>;
}

export interface ReadProduct {
  readonly images: readonly {
    /** What the application says. */
    readonly sha256: Sha256;
    /** Of the bytes that its URL gave. */
    readonly readSha256: Sha256;
  }[];
}

export interface DrillReport {
  readonly backupId: string;
  readonly snapshotAt: Date;
  /** What would be lost if everything were lost now: the age of the snapshot, in seconds. */
  readonly rpoSeconds: number;
  /** From nothing to a system that answers, in seconds. */
  readonly rtoSeconds: number;
  readonly rows: number;
  readonly objects: number;
  readonly productsRead: number;
  readonly imagesRead: number;
  readonly lost: readonly ObjectKey[];
  /** Empty where what came back is what the manifest says. */
  readonly differences: readonly string[];
}
