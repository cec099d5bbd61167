import type { ProductId, UserId } from '../../../kernel/ids';
import { CannotOpen, PROVIDER } from '../domain/envelope';
import type { MercadoLibreAccount } from '../domain/mercadolibre-account';
import type { SealedCredentials, SealedOfProduct } from '../domain/ports';
import { type OpeningDeps, openOrReport } from './open-or-report';

export interface AccountsOfProductsDeps extends OpeningDeps {
  readonly credentials: Pick<SealedCredentials, 'ofProducts'>;
}

/**
 * What publishing workers act with, each for the sellers of what was claimed. A seller who has connected none is missing, and so is one
 * whose row does not open, which operators are told: the others' work goes on.
 */
export const accountsOfProducts =
  (deps: AccountsOfProductsDeps) =>
  async (ids: readonly ProductId[]): Promise<ReadonlyMap<ProductId, MercadoLibreAccount>> => {
    const rows = await deps.credentials.ofProducts(ids);
    const accounts = new Map<UserId, MercadoLibreAccount | null>();
    for (const row of rows) if (!accounts.has(row.userId)) accounts.set(row.userId, openedOrNull(deps, row));
    return new Map(
      rows.flatMap(({ productId, userId }) => {
        const account = accounts.get(userId);
        return account ? [[productId, account] as const] : [];
      }),
    );
  };

function openedOrNull(deps: OpeningDeps, { userId, sealed }: SealedOfProduct): MercadoLibreAccount | null {
  try {
    return openOrReport(deps, { userId, provider: PROVIDER }, sealed);
  } catch (error) {
    if (error instanceof CannotOpen) return null;
    throw error;
  }
}
