import { AppError } from '../../../kernel/app-error';
import type { ImageId } from '../../../kernel/ids';
import type { ProductImage } from './product';

/** @throws AppError IMAGE_NOT_FOUND */
export function requireImage(images: readonly ProductImage[], id: ImageId): ProductImage {
  const image = images.find((one) => one.id === id);
  if (!image) throw new AppError('IMAGE_NOT_FOUND');
  return image;
}

/**
 * Checks that `wanted` names every image of the product once.
 * @throws AppError IMAGE_NOT_FOUND for an id that is not the product's; VALIDATION_FAILED for a repeated or missing one
 */
export function requirePermutation(images: readonly ProductImage[], wanted: readonly ImageId[]): void {
  for (const id of wanted) requireImage(images, id);
  if (new Set(wanted).size === wanted.length && wanted.length === images.length) return;
  throw new AppError('VALIDATION_FAILED', 'image_ids must name every image of the product exactly once.', {
    details: { fields: [{ path: 'image_ids', message: `expected ${images.length} different ids` }] },
  });
}

/**
 * What is left when one image goes.
 * @param images in order of their positions
 * @returns the others in their order, and which of them becomes the primary (null: the primary stays)
 * @throws AppError IMAGE_NOT_FOUND; CONFLICT for the last image, without which there would be nothing to sell
 */
export function withoutImage(images: readonly ProductImage[], id: ImageId) {
  const gone = requireImage(images, id);
  const remaining = images.filter((one) => one !== gone);
  const [first] = remaining;
  if (!first) throw new AppError('CONFLICT', 'The last image of a product stays; delete the product instead.');
  return { remaining: remaining.map((one) => one.id), newPrimary: gone.isPrimary ? first.id : null };
}
