import { AppError } from '../../../../kernel/app-error';
import type { ErrorCode } from '../../../../kernel/error-codes';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import { attemptPrefix, imageKey, type KeyPrefix, type ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { LeaseId } from './lease';

const EXTENSIONS = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' } as const;
export type ResultType = keyof typeof EXTENSIONS;

/** A processed image as the worker announces it: nothing of it is believed before its bytes have come. */
export interface AnnouncedResult {
  readonly imageId: ImageId;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

export interface DeclaredResult extends AnnouncedResult {
  readonly contentType: ResultType;
}

/** One for which a PUT was signed. */
export interface AwaitedResult extends DeclaredResult {
  /** Where its bytes are put. */
  readonly key: ObjectKey;
}

export interface ResultLimits {
  /** MAX_IMAGES */
  readonly maxImages: number;
  /** MAX_IMAGE_BYTES */
  readonly maxImageBytes: number;
}

/** @throws AppError VALIDATION_FAILED (an image named twice), TOO_MANY_IMAGES, UNSUPPORTED_FORMAT, IMAGE_TOO_LARGE */
export function judgeResults(limits: ResultLimits, announced: readonly AnnouncedResult[]): DeclaredResult[] {
  if (announced.length > limits.maxImages) throw new AppError('TOO_MANY_IMAGES', `At most ${limits.maxImages} images.`);
  if (new Set(announced.map(({ imageId }) => imageId)).size < announced.length) {
    throw new AppError('VALIDATION_FAILED', 'An image was named twice.', { details: { field: 'images' } });
  }
  return announced.map((result) => judgeOne(limits, result));
}

function judgeOne({ maxImageBytes }: ResultLimits, { imageId, contentType, sizeBytes, sha256 }: AnnouncedResult) {
  const refuse = (code: ErrorCode, message: string) => new AppError(code, message, { details: { image_id: imageId } });
  if (!isResultType(contentType)) {
    throw refuse('UNSUPPORTED_FORMAT', 'content_type must be image/jpeg, image/png or image/webp.');
  }
  if (sizeBytes > maxImageBytes)
    throw refuse('IMAGE_TOO_LARGE', `A processed image may have ${maxImageBytes} bytes at most.`);
  return { imageId, contentType, sizeBytes, sha256 };
}

function isResultType(type: string): type is ResultType {
  return Object.hasOwn(EXTENSIONS, type);
}

export function isSameResult(one: DeclaredResult, other: DeclaredResult): boolean {
  return one.contentType === other.contentType && one.sizeBytes === other.sizeBytes && one.sha256 === other.sha256;
}

/** Where the bytes of one announcement are put. @param folder a new id: no key is ever used twice */
export function putKey(
  productId: ProductId,
  lease: LeaseId,
  folder: ImageId,
  { contentType }: DeclaredResult,
): ObjectKey {
  return imageKey(attemptPrefix(productId, lease), folder, 'processed', EXTENSIONS[contentType]);
}

/**
 * Where it is copied to when the work is completed: no URL ever allowed a PUT there, so that what was verified stays.
 * @param prefix of the completion's own: what another one copies, however late, is never what a row names
 */
export function keptKey(prefix: KeyPrefix, { imageId, contentType }: AwaitedResult): ObjectKey {
  return imageKey(prefix, imageId, 'processed', EXTENSIONS[contentType]);
}
