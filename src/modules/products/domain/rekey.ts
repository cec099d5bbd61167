import type { ImageId, ProductId } from '../../../kernel/ids';
import { imageKey, type KeyPrefix, type ObjectKey, type ObjectKind } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Sha256 } from '../../../kernel/sha256';
import type { Transaction } from '../../../kernel/transaction';
import { extensionOf } from './image-file';
import type { ProductImage } from './product';

/** One object that gets another key: one that no URL was ever issued for. */
export interface ObjectMove {
  readonly imageId: ImageId;
  readonly from: ObjectKey;
  readonly to: ObjectKey;
}

/** Within the store, checksum kept. */
export interface ObjectCopies {
  /**
   * @param expected what the copy must be; given only where `to` is a key of the caller's own that nobody else writes
   * @returns false where there is no object under `from`
   * @throws AppError STORAGE_UNAVAILABLE; an error where the copy has another digest
   */
  copy(from: ObjectKey, to: ObjectKey, expected?: { sha256: Sha256; sizeBytes: number }): Promise<boolean>;
}

/**
 * Deletes at once what rows of the product have stopped to name, whichever request left it.
 * @returns whether the store holds none of it any more, and none of `keys`
 * @throws AppError STORAGE_UNAVAILABLE
 */
export type DrainProduct = (id: ProductId, keys: readonly ObjectKey[]) => Promise<boolean>;

export interface RekeyedProducts {
  /**
   * Compare-and-set of every row that names one of the objects; a trigger journals the deletion of the key it named before.
   * The product must be locked by the transaction.
   * @returns how many rows have a new key
   */
  rekey(tx: Transaction, seller: Seller, id: ProductId, moves: readonly ObjectMove[]): Promise<number>;
}

type Keyed = Pick<ProductImage, 'id' | 'keys'>;

/** A new key for every object of the images, under the prefix of one attempt. */
export function movesUnder(prefix: KeyPrefix, images: readonly Keyed[]): ObjectMove[] {
  return images.flatMap(({ id, keys }) =>
    objectsOf(keys).map(([kind, from]) => ({ imageId: id, from, to: imageKey(prefix, id, kind, extensionOf(from)) })),
  );
}

/** Whether the images still have exactly the objects that were to move: none came, none went, none was replaced. */
export function haveStill(images: readonly Keyed[], moves: readonly ObjectMove[]): boolean {
  const named = images.flatMap(({ keys }) => objectsOf(keys).map(([, key]) => key));
  const moved = new Set(moves.map(({ from }) => from));
  return named.length === moves.length && named.every((key) => moved.has(key));
}

function objectsOf(keys: ProductImage['keys']): [ObjectKind, ObjectKey][] {
  const { original, thumb, model, processed } = keys;
  const all: [ObjectKind, ObjectKey | null][] = [
    ['original', original],
    ['thumb', thumb],
    ['model', model],
    ['processed', processed],
  ];
  return all.flatMap(([kind, key]) => (key ? [[kind, key]] : []));
}
