import type { AttemptId, ImageId, ProductId } from '../../../kernel/ids';
import { imageKey, type KeyPrefix, type ObjectKey } from '../../../kernel/object-key';
import { type Sha256, sha256OfBytes } from '../../../kernel/sha256';
import type { Prompt } from './prompt';

/** What a seller says of a photo before its bytes come; the signature of its PUT holds them to it. */
export interface ImageDeclaration {
  readonly contentType: 'image/jpeg' | 'image/png';
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** A photo that was declared, and where its bytes are to be put. */
export interface DirectImage extends ImageDeclaration {
  readonly id: ImageId;
  readonly position: number;
  readonly isPrimary: boolean;
  readonly key: ObjectKey;
  /** When the last presigned PUT that was issued for the key expires. */
  readonly putExpiresAt: Date;
}

/** An upload that was announced and not completed: it lives as long as its intent is open. */
export interface DirectUpload {
  /** Of the product that completion will make. */
  readonly productId: ProductId;
  readonly intentId: AttemptId;
  readonly prompt: Prompt;
  /** In order of their positions. */
  readonly images: readonly DirectImage[];
}

/** What one seller may have announced, so that what nobody completes stays bounded. */
export interface DirectUploadLimits {
  /** Uploads of one seller that are open at once. */
  readonly maxOpenUploads: number;
  /** Photos that may be announced anew over the life of one upload: each leaves a key behind until its end. */
  readonly maxReplacements: number;
}

/** The procedure that Idempotency-Keys of direct uploads are of. */
export const START_PROCEDURE = 'uploads.start';

const EXTENSIONS = { 'image/jpeg': 'jpg', 'image/png': 'png' } as const;

/**
 * Where the bytes of one declaration go.
 * @param folder the image's id, or for another photo in its place a new one: no key is ever used twice
 */
export function originalKey(attempt: KeyPrefix, folder: ImageId, { contentType }: ImageDeclaration): ObjectKey {
  return imageKey(attempt, folder, 'original', EXTENSIONS[contentType]);
}

export function isSameDeclaration(one: ImageDeclaration, other: ImageDeclaration): boolean {
  return one.contentType === other.contentType && one.sizeBytes === other.sizeBytes && one.sha256 === other.sha256;
}

/** What makes two announcements the same: prompt, photos in their order, and which of them comes first. */
export function directFingerprint({ prompt, images }: Pick<DirectUpload, 'prompt' | 'images'>): Sha256 {
  const primaryIndex = images.findIndex(({ isPrimary }) => isPrimary);
  const declared = images.map(({ contentType, sizeBytes, sha256 }) => [contentType, sizeBytes, sha256]);
  return sha256OfBytes(JSON.stringify([prompt, primaryIndex, declared]));
}
