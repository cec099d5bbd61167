import type { ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';

/** An object that a row names, and what its bytes have to be. */
export interface StoredObject {
  readonly kind: ObjectKind;
  /** As the row has it, `s3://bucket/key`: while it says so, the row speaks of these bytes. */
  readonly url: string;
  /** Null where nobody has written it down: then what the store itself says is taken. */
  readonly sha256: Sha256 | null;
}

export interface ScrubbedImage {
  readonly id: ImageId;
  readonly productId: ProductId;
  /** Called damaged by an earlier run. */
  readonly damaged: boolean;
  /** The original first. */
  readonly objects: readonly StoredObject[];
}

/** What a scrub reads and writes of the rows. Each write is a compare-and-set on the URL that was read: a re-key makes it void. */
export interface ScrubRows {
  count(): Promise<number>;
  /** In order of the images' ids, from behind `after`. */
  page(after: ImageId | null, limit: number): Promise<readonly ScrubbedImage[]>;
  /** Null for an image that is gone. */
  byId(id: ImageId): Promise<ScrubbedImage | null>;
  /** @returns false where the row names other bytes by now */
  markDamaged(id: ImageId, object: StoredObject): Promise<boolean>;
  markWhole(image: ScrubbedImage): Promise<boolean>;
  /** The variant goes (its object by the journal), and the image counts as unprepared: it will be made again. */
  dropVariant(id: ImageId, object: StoredObject): Promise<boolean>;
  /** How many images are called damaged. */
  damaged(): Promise<number>;
}

/** What the store tells of an object without reading it. */
export interface ObjectLook {
  readonly sizeBytes: number;
  /** The digest that it has verified at the put and kept; null where it keeps none. */
  readonly promised: Sha256 | null;
}

/** Reads objects whole, in constant memory. */
export interface ObjectDigests {
  /** @throws ObjectGone; AppError STORAGE_UNAVAILABLE, of BrokenBytes where the store says that it is these bytes alone */
  read(key: ObjectKey): Promise<{ readonly sha256: Sha256; readonly sizeBytes: number }>;
  /** Reads none of its bytes. Null where there is no such object. @throws AppError STORAGE_UNAVAILABLE */
  look(key: ObjectKey): Promise<ObjectLook | null>;
  /** @throws AppError STORAGE_UNAVAILABLE where the store as a whole can't be used */
  check(): Promise<void>;
}

/**
 * Whether the store says that it can't give out these bytes, not that it can't be asked: a bad sector, as a rule.
 * @param error that `ObjectDigests.read` has thrown
 */
export function areBroken(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.name === 'BrokenBytes';
}

export class ObjectGone extends Error {
  override readonly name = 'ObjectGone';
}

/** One image after the other is not as it should be: that is no damage of images, but of something before them. */
export class StoreInDoubt extends Error {
  override readonly name = 'StoreInDoubt';
  constructor(images: number) {
    super(
      `${images} images in a row are missing or changed: nothing was called damaged. Is this the right bucket, and is its disk there? If it is: bun run cli scrub --believe`,
    );
  }
}
