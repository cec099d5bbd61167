import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { DrainProduct } from '../domain/rekey';
import { getProduct } from './get-product';
import { type RekeyDeps, rekeyProduct } from './rekey-product';
import type { SignedProduct, Signing } from './signed-product';

export interface RevokeUrlsDeps extends RekeyDeps, Signing {
  readonly drainProduct: DrainProduct;
}

/**
 * Ends every URL that was ever issued for a product, expired or not: its objects move to new keys, and what is under old ones is
 * deleted before this returns, also what a revocation that died has left. Safe to repeat; a repetition moves the objects again.
 * @returns the product as it is now, with new URLs
 * @throws AppError PRODUCT_NOT_FOUND, CONFLICT; STORAGE_UNAVAILABLE while an old key still answers
 */
export const revokeUrls = (deps: RevokeUrlsDeps) => {
  const read = getProduct(deps);
  return async (seller: Seller, id: ProductId): Promise<SignedProduct> => {
    const oldKeys = await rekeyProduct(deps, seller, id);
    const areDead = await deps.drainProduct(id, oldKeys);
    if (!areDead) throw new AppError('STORAGE_UNAVAILABLE', 'Some old URLs still work; ask again.');
    return read(seller, id);
  };
};
