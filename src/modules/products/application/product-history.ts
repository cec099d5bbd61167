import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { ProductReads } from '../domain/ports';
import type { StatusChange } from '../domain/product';

/** Every change of status, oldest first. @throws AppError PRODUCT_NOT_FOUND */
export const productHistory =
  (deps: { readonly products: Pick<ProductReads, 'history'> }) =>
  async (seller: Seller, id: ProductId): Promise<readonly StatusChange[]> => {
    const history = await deps.products.history(seller, id);
    if (!history) throw new AppError('PRODUCT_NOT_FOUND');
    return history;
  };
