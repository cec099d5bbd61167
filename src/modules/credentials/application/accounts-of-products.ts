import type { ProductId, UserId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import { PROVIDER } from '../domain/envelope';
import type { MercadoLibreAccount } from '../domain/mercadolibre-account';
import type { SealedCredentials, SealedOfProduct } from '../domain/ports';
import { type OpeningDeps, openOrNull } from './open-or-report';

export interface AccountsOfProductsDeps extends OpeningDeps {
  readonly credentials: Pick<SealedCredentials, 'ofProducts'>;
}

/**
 * What publishing workers act with, each for the sellers of what was claimed. A seller who has connected none is missing, and so is one
 * whose row does not open, which operators are told: the others' work goes on.
 * @returns what opens them: the rows are read in the transaction, which is repeated where it fails; what is told is told once
 */
export const accountsOfProducts =
  (deps: AccountsOfProductsDeps) =>
  async (tx: Transaction, ids: readonly ProductId[]): Promise<() => ReadonlyMap<ProductId, MercadoLibreAccount>> => {
    const rows = await deps.credentials.ofProducts(tx, ids);
    return () => openAll(deps, rows);
  };

function openAll(deps: OpeningDeps, rows: readonly SealedOfProduct[]): ReadonlyMap<ProductId, MercadoLibreAccount> {
  const accounts = new Map<UserId, MercadoLibreAccount | null>();
  for (const { userId, sealed } of rows)
    if (!accounts.has(userId)) accounts.set(userId, openOrNull(deps, { userId, provider: PROVIDER }, sealed));
  return new Map(
    rows.flatMap(({ productId, userId }) => {
      const account = accounts.get(userId);
      return account ? [[productId, account] as const] : [];
    }),
  );
}
