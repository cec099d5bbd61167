import type { ProductId, UserId } from '../../../kernel/ids';

export interface UploadState {
  readonly userId: UserId;
  readonly productId: ProductId;
  /** Whole and good. */
  readonly uploadedImages: number;
  /** Announced; of a multipart body, which announces none, those that have begun to come. */
  readonly totalImages: number;
  /** 0–100; 100 only when every byte is in the store. */
  readonly progressPercent: number;
}

/** Shows a seller how far an upload of theirs is. May be told as often as wished: it neither waits nor fails. */
export interface UploadProgress {
  tell(state: UploadState): void;
}

/** By bytes. */
export function stateOfDirectUpload(
  { userId, productId }: Pick<UploadState, 'userId' | 'productId'>,
  images: readonly { readonly sizeBytes: number }[],
  isThere: (index: number) => boolean,
): UploadState {
  const there = images.filter((_image, index) => isThere(index));
  const bytes = (some: readonly { readonly sizeBytes: number }[]) =>
    some.reduce((sum, image) => sum + image.sizeBytes, 0);
  return {
    userId,
    productId,
    uploadedImages: there.length,
    totalImages: images.length,
    progressPercent: Math.floor((100 * bytes(there)) / bytes(images)),
  };
}
