import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import type { DrainSoon, ProductWrites } from '../domain/ports';

/**
 * Removes the product with its images, history and objects: the rows at once, the objects by the journal.
 * @throws AppError PRODUCT_NOT_FOUND
 */
export const deleteProduct =
  (deps: {
    readonly inTransaction: InTransaction;
    readonly products: Pick<ProductWrites, 'remove'>;
    readonly drainSoon: DrainSoon;
  }) =>
  async (seller: Seller, id: ProductId): Promise<void> => {
    const removed = await deps.inTransaction((tx) => deps.products.remove(tx, seller, id));
    if (!removed) throw new AppError('PRODUCT_NOT_FOUND');
    deps.drainSoon();
  };
