import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import { accountToText } from '../domain/account-text';
import type { MercadoLibreAccount } from '../domain/mercadolibre-account';
import type { SealedCredentials } from '../domain/ports';
import { type OpeningDeps, openOrNull } from './open-or-report';

export interface RefreshAccountDeps extends OpeningDeps {
  readonly credentials: Pick<SealedCredentials, 'lockOfProduct' | 'replace'>;
}

export interface RefreshedTokens extends Pick<MercadoLibreAccount, 'accessToken' | 'refreshToken' | 'expiresAt'> {
  /** What they were got for. */
  readonly spentRefreshToken: string;
}

/**
 * Keeps what MercadoLibre gave for the refresh token that is kept, in its place: a refresh token is good for one refresh, so without the
 * next one the seller would have to connect again. Safe to repeat. Whatever the seller has connected meanwhile stays.
 * @throws AppError CONFLICT where another refresh token is kept, or none
 */
export const refreshAccount =
  (deps: RefreshAccountDeps) =>
  async (tx: Transaction, productId: ProductId, refreshed: RefreshedTokens): Promise<void> => {
    const kept = await deps.credentials.lockOfProduct(tx, productId);
    const account = kept && openOrNull(deps, kept.owner, kept.sealed);
    if (!account) throw notKept();
    const { spentRefreshToken, ...tokens } = refreshed;
    if (account.refreshToken === tokens.refreshToken && account.accessToken === tokens.accessToken) return;
    if (account.refreshToken !== spentRefreshToken) throw notKept();
    const text = accountToText({ ...tokens, mlUserId: account.mlUserId });
    await deps.credentials.replace(tx, kept.owner, deps.envelope.seal(kept.owner, text));
  };

function notKept(): AppError {
  return new AppError(
    'CONFLICT',
    'The refresh token that was spent is not the one that is kept: the seller has connected anew or disconnected, or it was refreshed by another.',
  );
}
