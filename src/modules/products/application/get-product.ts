import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { ProductReads } from '../domain/ports';
import { type SignedProduct, type Signing, signProduct } from './signed-product';

/** @throws AppError PRODUCT_NOT_FOUND */
export const getProduct =
  (deps: Signing & { readonly products: Pick<ProductReads, 'find'> }) =>
  async (seller: Seller, id: ProductId): Promise<SignedProduct> => {
    const product = await deps.products.find(seller, id);
    if (!product) throw new AppError('PRODUCT_NOT_FOUND');
    return signProduct(deps, product);
  };
