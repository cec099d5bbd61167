import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { requireEditable } from '../domain/edit-rules';
import { requireImage } from '../domain/image-order';
import { type EditDeps, editLocked } from './edit-locked';

/** @throws AppError PRODUCT_NOT_FOUND, IMAGE_NOT_FOUND; CONFLICT while publishing or published */
export const setPrimaryImage = (deps: EditDeps) => (seller: Seller, id: ProductId, imageId: ImageId) =>
  editLocked(deps, seller, id, async (tx, product) => {
    const image = requireImage(product.images, imageId);
    requireEditable('the primary image', product.status);
    if (!image.isPrimary) await deps.products.setPrimary(tx, seller, id, imageId);
  });
