import type { Seller } from '../../../kernel/principal';
import type { PagePosition, PageRequest, ProductReads } from '../domain/ports';
import { type SignedSummary, type Signing, signSummary } from './signed-product';

export interface SignedPage {
  readonly products: readonly SignedSummary[];
  readonly hasMore: boolean;
  readonly total: number;
  /** Where the next page begins; null on the last one. */
  readonly next: PagePosition | null;
}

/** One page of the seller's products, newest first. */
export const listProducts =
  (deps: Signing & { readonly products: Pick<ProductReads, 'page'> }) =>
  async (seller: Seller, request: PageRequest): Promise<SignedPage> => {
    const { products, hasMore, total } = await deps.products.page(seller, request);
    const last = products.at(-1);
    return {
      products: products.map((summary) => signSummary(deps, summary)),
      hasMore,
      total,
      next: hasMore && last ? { createdAt: last.createdAt, id: last.id } : null,
    };
  };
