import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../kernel/transaction';
import type { ProductWrites } from '../domain/ports';
import type { Product } from '../domain/product';
import { type SignedProduct, type Signing, signProduct } from './signed-product';

export interface EditDeps extends Signing {
  readonly inTransaction: InTransaction;
  readonly products: ProductWrites;
}

/**
 * One edit of one product: locked first, so that edits of the same product follow one another, then judged, then changed.
 * @param edit does database work only: it is run again after a serialization failure
 * @returns the product as the edit has left it
 * @throws AppError PRODUCT_NOT_FOUND
 */
export async function editLocked(
  deps: EditDeps,
  seller: Seller,
  id: ProductId,
  edit: (tx: Transaction, product: Product) => Promise<void>,
): Promise<SignedProduct> {
  const edited = await deps.inTransaction(async (tx) => {
    const product = await deps.products.lock(tx, seller, id);
    if (!product) throw new AppError('PRODUCT_NOT_FOUND');
    await edit(tx, product);
    return deps.products.reload(tx, seller, id);
  });
  return signProduct(deps, edited);
}
