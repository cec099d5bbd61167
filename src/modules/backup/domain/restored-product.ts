import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { BackedObject } from './backed-object';
import type { BackupId } from './layout';

/** Lines of one table of a backup, as COPY wrote them. */
export interface RawRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly lines: readonly string[];
}

/** All that a backup has of one product. */
export interface BackedProduct {
  readonly id: ProductId;
  readonly backupId: BackupId;
  /** products, product_images, image_variants, product_status_history. */
  readonly rows: readonly RawRows[];
  /** What its rows name. */
  readonly objects: readonly BackedObject[];
}

/** Where an object lies from now on. */
export interface MovedObject {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
}

/** Says, before the first object is written, under which keys the attempt will write. */
export interface RestoreJournal {
  open(intent: {
    readonly id: AttemptId;
    readonly kind: 'restore';
    readonly productId: ProductId;
    readonly prefix: KeyPrefix;
  }): Promise<void>;
  renew(id: AttemptId): Promise<boolean>;
}

export interface ProductRestoreDatabase {
  /** Why the product cannot come back; null where it can. */
  whyNot(product: BackedProduct): Promise<string | null>;
  /**
   * One transaction: the rows, and the end of the intent. A product begins as `uploading` and is led to its status along the edges of
   * the lifecycle, so that the database's own rules hold for it as for any other. @returns the status that it has
   */
  insert(
    product: BackedProduct,
    attempt: AttemptId,
    moved: readonly MovedObject[],
    lost: readonly ObjectKey[],
  ): Promise<string>;
}
