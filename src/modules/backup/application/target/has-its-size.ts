import type { BackedObject } from '../../domain/backed-object';
import type { Codec } from '../../domain/codec';
import type { StoredObject } from '../../domain/target-store';

/** By what the listing says, for nothing: where nothing is encrypted, a blob has the size of its object. */
export function hasItsSize(
  { encryption }: Pick<Codec, 'encryption'>,
  { sizeBytes }: Pick<BackedObject, 'sizeBytes'>,
  blob: StoredObject,
): boolean {
  return encryption !== 'none' || sizeBytes === null || blob.sizeBytes === sizeBytes;
}
