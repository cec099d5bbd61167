import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { Transaction } from '../../../kernel/transaction';
import { requireEditable } from '../domain/edit-rules';
import type { ProductWrites } from '../domain/ports';
import type { Product } from '../domain/product';
import type { StoredImage } from '../domain/received-image';

/**
 * The last step of adding images: their rows, behind those that are there and in the order given, in the caller's transaction.
 * The product is locked before its images are counted, so two that add at once cannot pass the limit together.
 * @throws AppError PRODUCT_NOT_FOUND; CONFLICT where the status keeps the images; TOO_MANY_IMAGES
 */
export const appendImages =
  (deps: { readonly products: Pick<ProductWrites, 'lock' | 'reload' | 'addImages'>; readonly maxImages: number }) =>
  async (tx: Transaction, seller: Seller, id: ProductId, images: readonly StoredImage[]): Promise<Product> => {
    const product = await deps.products.lock(tx, seller, id);
    if (!product) throw new AppError('PRODUCT_NOT_FOUND');
    requireEditable('the images', product.status);
    const before = product.images.length;
    if (before + images.length > deps.maxImages) {
      throw new AppError('TOO_MANY_IMAGES', `A product has at most ${deps.maxImages} images; this one has ${before}.`, {
        details: { max_images: deps.maxImages, image_count: before },
      });
    }
    const placed = images.map((image, index) => ({
      ...image,
      position: before + index,
      isPrimary: before === 0 && index === 0,
    }));
    await deps.products.addImages(tx, seller, id, placed);
    return deps.products.reload(tx, seller, id);
  };
