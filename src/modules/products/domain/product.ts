import type { ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';
import type { ImageFormat } from './images/image-facts';
import type { LifecycleEvent, Status } from './lifecycle';
import type { StoredImage } from './received-image';

/** Where the bytes of one image are, by kind; null where they are not made yet. */
export type ImageKeys = Readonly<Record<ObjectKind, ObjectKey | null>> & { readonly original: ObjectKey };

export interface ProductImage {
  readonly id: ImageId;
  readonly isPrimary: boolean;
  /** From 0, without gaps. */
  readonly position: number;
  readonly fileSizeBytes: number;
  readonly fileFormat: ImageFormat;
  /** Pixels as stored, before any EXIF orientation. */
  readonly resolutionWidth: number;
  readonly resolutionHeight: number;
  readonly sha256: Sha256;
  readonly uploadedAt: Date;
  /** A scrub found that the original or the processed image has not the bytes that were stored. */
  readonly damaged: boolean;
  /** Why the decoder refused it; null where it did not, or has not come to it. Nothing is made of one that it refused. */
  readonly refused: string | null;
  readonly keys: ImageKeys;
}

/** An image whose bytes are stored, at its place among the images of its product. */
export interface PlacedImage extends Pick<StoredImage, 'id' | 'position' | 'key' | 'facts'> {
  readonly file: Pick<StagedFile, 'sizeBytes' | 'sha256'>;
  readonly isPrimary: boolean;
}

export interface Product {
  readonly id: ProductId;
  readonly status: Status;
  readonly promptText: string;
  readonly imageCount: number;
  /** The status it failed in; null in every other status than `failed`. */
  readonly failedFrom: Status | null;
  readonly processingStartedAt: Date | null;
  readonly processingCompletedAt: Date | null;
  readonly processingError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** In order of their positions. */
  readonly images: readonly ProductImage[];
}

/** A line of a list: what it takes to show one without asking for the product. */
export interface ProductSummary
  extends Pick<Product, 'id' | 'status' | 'promptText' | 'imageCount' | 'createdAt' | 'updatedAt'> {
  /** Null while the product has no image. */
  readonly primary: { readonly id: ImageId; readonly keys: Pick<ImageKeys, 'original' | 'thumb'> } | null;
}

/** One change of status, as the database's trigger wrote it down. */
export interface StatusChange {
  /** Null for the first one, `CREATE`. */
  readonly from: Status | null;
  readonly to: Status;
  readonly event: LifecycleEvent | 'CREATE';
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
}
