import type { ImageId } from '../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../kernel/object-key';

const CONTENT_TYPES = { jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp' } as const;

/**
 * How a file of an image is named and typed when it is fetched. The key's extension decides; the layout of keys knows no other
 * (kernel/object-key.ts).
 */
export function imageFile(imageId: ImageId, kind: ObjectKind, key: ObjectKey) {
  const extension = extensionOf(key);
  const contentType = CONTENT_TYPES[extension] ?? 'application/octet-stream';
  return { contentType, fileName: `${imageId}-${kind}.${extension}` };
}

/** The layout of keys holds it to the three (kernel/object-key.ts). */
export function extensionOf(key: ObjectKey): keyof typeof CONTENT_TYPES {
  return key.slice(key.lastIndexOf('.') + 1) as keyof typeof CONTENT_TYPES;
}
