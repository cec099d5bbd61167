import { AppError } from '../../../kernel/app-error';
import type { ErrorCode } from '../../../kernel/error-codes';
import type { Sha256 } from '../../../kernel/sha256';
import type { ImageDeclaration } from './direct-upload';

/** A photo as the client announces it: nothing of it is believed before its bytes have come. */
export interface AnnouncedImage {
  /** To be shown back to the client, never used. */
  readonly fileName?: string | undefined;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  readonly isPrimary?: boolean | undefined;
}

export interface DeclarationLimits {
  readonly maxImages: number;
  readonly maxImageBytes: number;
  /** Of all images of one upload together. */
  readonly maxUploadBytes: number;
}

/**
 * The same limits that hold for a multipart body, on what is announced.
 * @throws AppError VALIDATION_FAILED (no image), TOO_MANY_IMAGES, UNSUPPORTED_FORMAT, IMAGE_TOO_LARGE, REQUEST_TOO_LARGE
 */
export function judgeDeclarations(limits: DeclarationLimits, images: readonly AnnouncedImage[]): ImageDeclaration[] {
  if (images.length === 0) {
    throw new AppError('VALIDATION_FAILED', 'Announce at least one image.', { details: { field: 'images' } });
  }
  if (images.length > limits.maxImages) {
    throw new AppError('TOO_MANY_IMAGES', `At most ${limits.maxImages} images.`);
  }
  const declared = images.map((image, index) => judgeOne(limits, image, index));
  requireTotal(limits, declared);
  return declared;
}

function judgeOne({ maxImageBytes }: DeclarationLimits, image: AnnouncedImage, index: number): ImageDeclaration {
  const { contentType, sizeBytes, sha256, fileName } = image;
  const refuse = (code: ErrorCode, message: string): never => {
    const name = fileName === undefined ? {} : { name: fileName.slice(0, 200) };
    throw new AppError(code, message, { details: { file: { index, ...name } } });
  };
  if (contentType !== 'image/jpeg' && contentType !== 'image/png') {
    return refuse('UNSUPPORTED_FORMAT', 'content_type must be image/jpeg or image/png.');
  }
  if (sizeBytes > maxImageBytes) return refuse('IMAGE_TOO_LARGE', `A file may have ${maxImageBytes} bytes at most.`);
  return { contentType, sizeBytes, sha256 };
}

export function bytesOf(images: readonly Pick<ImageDeclaration, 'sizeBytes'>[]): number {
  return images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** @throws AppError REQUEST_TOO_LARGE */
export function requireTotal({ maxUploadBytes }: DeclarationLimits, images: readonly ImageDeclaration[]): void {
  if (bytesOf(images) <= maxUploadBytes) return;
  throw new AppError('REQUEST_TOO_LARGE', `The images of an upload may have ${maxUploadBytes} bytes together.`);
}

/** The first image, where none is said to be it. @throws AppError VALIDATION_FAILED for more than one */
export function primaryIndexOf(images: readonly AnnouncedImage[]): number {
  const named = images.flatMap(({ isPrimary }, index) => (isPrimary ? [index] : []));
  if (named.length <= 1) return named[0] ?? 0;
  throw new AppError('VALIDATION_FAILED', 'Only one image can be the primary one.', {
    details: { fields: [{ path: `images.${named[1]}.is_primary`, message: 'another image is primary already' }] },
  });
}
