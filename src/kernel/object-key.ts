import { type AttemptId, type Branded, type ImageId, isUuid, type ProductId } from './ids';

/** A key in the object store, UTF-8, 1–1024 bytes, `/` between its parts, no part empty, `.` or `..`. */
export type ObjectKey = Branded<'ObjectKey'>;
/** The beginning of keys; it ends with `/` or is a whole key. */
export type KeyPrefix = Branded<'KeyPrefix'>;

export type ObjectKind = 'original' | 'thumb' | 'model' | 'processed';

/**
 * Checks a key that came from outside.
 * @throws TypeError for a key that no store can hold safely (traversal, NUL, not UTF-8, over 1024 bytes)
 */
export function objectKey(text: string): ObjectKey {
  const parts = text.split('/');
  // a lone surrogate has no UTF-8: two such keys would be written as the same bytes
  const bad = !text.isWellFormed() || parts.some((part) => part === '' || part === '.' || part === '..');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (bad || /[\u0000-\u001f\u007f\\]/.test(text) || Buffer.byteLength(text) > 1024) {
    throw new TypeError('not a usable object key');
  }
  return text as ObjectKey;
}

/** Objects that were put aside and belong to nobody who could ask for them: no URL is ever signed for one. */
const PUT_ASIDE = ['quarantine/', 'held/'];

/** @throws TypeError for a key that no URL may name */
export function requireSignable(key: ObjectKey): ObjectKey {
  if (PUT_ASIDE.some((folder) => key.startsWith(folder)))
    throw new TypeError('no URL is signed for what was put aside');
  return key;
}

/** All keys of one product: `products/{product_id}/`. */
export function productPrefix(productId: ProductId): KeyPrefix {
  return `products/${productId}/` as unknown as KeyPrefix;
}

/** The product under whose prefix a key stands; null for a key of none, such as one that was put aside. */
export function productOf(key: ObjectKey): ProductId | null {
  const [folder, id = ''] = key.split('/');
  return folder === 'products' && isUuid(id) ? (id as ProductId) : null;
}

/** All keys of one attempt: `products/{product_id}/{attempt_id}/`. */
export function attemptPrefix(productId: ProductId, attemptId: AttemptId): KeyPrefix {
  return `${productPrefix(productId)}${attemptId}/` as unknown as KeyPrefix;
}

/** `products/{product_id}/{attempt_id}/{image_id}/{kind}.{extension}`: write-once, never used twice. */
export function imageKey(
  attempt: KeyPrefix,
  imageId: ImageId,
  kind: ObjectKind,
  extension: 'jpg' | 'png' | 'webp',
): ObjectKey {
  return `${attempt}${imageId}/${kind}.${extension}` as unknown as ObjectKey;
}
