import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { requireEditable } from '../domain/edit-rules';
import { withoutImage } from '../domain/image-order';
import type { DrainSoon } from '../domain/ports';
import { type EditDeps, editLocked } from './edit-locked';

/**
 * Removes an image; the others close up, and where it was the primary, the first of them becomes it.
 * @throws AppError PRODUCT_NOT_FOUND, IMAGE_NOT_FOUND; CONFLICT for the last image, or where the status keeps the images
 */
export const removeImage =
  (deps: EditDeps & { readonly drainSoon: DrainSoon }) => async (seller: Seller, id: ProductId, imageId: ImageId) => {
    const product = await editLocked(deps, seller, id, async (tx, { images, status }) => {
      const { remaining, newPrimary } = withoutImage(images, imageId);
      requireEditable('the images', status);
      if (newPrimary) await deps.products.setPrimary(tx, seller, id, newPrimary);
      await deps.products.setOrder(tx, seller, id, [...remaining, imageId]);
      // Last, because it is what takes the seller's ledger: all of a seller's writes wait for that one row.
      await deps.products.removeImage(tx, seller, id, imageId);
    });
    deps.drainSoon();
    return product;
  };
