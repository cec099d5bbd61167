import type { ImageId, ProductId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Transaction } from '../../../../kernel/transaction';
import type { Size } from './image-decoder';
import type { OfEachVariant } from './variants';

export interface UnpreparedImage {
  readonly id: ImageId;
  readonly productId: ProductId;
  /** From 0. */
  readonly position: number;
  readonly original: ObjectKey;
  /** Of the original's bytes. */
  readonly sha256: Sha256;
}

export interface UnpreparedProduct {
  /** What is still to be prepared, in order of position, without what the decoder has refused already. */
  readonly images: readonly UnpreparedImage[];
  readonly isUploading: boolean;
}

export interface StoredVariant extends Size {
  readonly key: ObjectKey;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** What preparing needs of the tables. */
export interface UnpreparedImages {
  /**
   * Waits for whoever changes the product now, and reads what they leave.
   * @returns null where there is nothing left to do: the product is gone, or its upload has failed
   */
  ofProduct(id: ProductId): Promise<UnpreparedProduct | null>;
  /** The image as it is now: its key moves with every revocation. Null where it is gone or has been prepared meanwhile. */
  reread(image: UnpreparedImage): Promise<UnpreparedImage | null>;
  /**
   * Locks the product, names the variants and marks the image.
   * @returns `superfluous` where the image is gone or has been prepared meanwhile: nothing was written. `last` where the upload of
   *   its product waits for nothing any more.
   */
  markPrepared(
    tx: Transaction,
    image: UnpreparedImage,
    variants: OfEachVariant<StoredVariant>,
  ): Promise<'superfluous' | 'marked' | 'last'>;
  /** Locks the product. @returns whether its upload still waits, and for no image: it is verified then */
  isVerified(tx: Transaction, id: ProductId): Promise<boolean>;
  /**
   * Locks the product and marks the image as refused, so that it is not decoded again and again.
   * @returns `gone` where it is gone or prepared; `uploading` where its product waits for it, `later` where it does not
   */
  markRefused(tx: Transaction, image: UnpreparedImage, why: string): Promise<'gone' | 'uploading' | 'later'>;
  /** Tells the seller by an event, without a change of status. */
  tell(tx: Transaction, id: ProductId, message: string): Promise<void>;
}

/** Leads the product along its lifecycle, as the last step of the transaction. */
export type LeadOn = (
  tx: Transaction,
  change: {
    readonly productId: ProductId;
    readonly event: 'UPLOADS_VERIFIED' | 'FAIL';
    readonly actor: string;
    readonly reason: string | null;
    readonly errorType?: string;
  },
) => Promise<unknown>;
