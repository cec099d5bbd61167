import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { requireEditable } from '../domain/edit-rules';
import { requirePermutation } from '../domain/image-order';
import { type EditDeps, editLocked } from './edit-locked';

/**
 * @param order every image of the product once, the first one first
 * @throws AppError PRODUCT_NOT_FOUND, IMAGE_NOT_FOUND, VALIDATION_FAILED; CONFLICT where the status keeps the images
 */
export const reorderImages = (deps: EditDeps) => (seller: Seller, id: ProductId, order: readonly ImageId[]) =>
  editLocked(deps, seller, id, async (tx, product) => {
    requirePermutation(product.images, order);
    requireEditable('the images', product.status);
    await deps.products.setOrder(tx, seller, id, order);
  });
