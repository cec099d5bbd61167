import { AppError } from '../../../kernel/app-error';
import type { Seller } from '../../../kernel/principal';
import { accountToText } from '../domain/account-text';
import { CannotOpen, type Owner, PROVIDER } from '../domain/envelope';
import type { MercadoLibreAccount } from '../domain/mercadolibre-account';
import type { SealedCredentials } from '../domain/ports';
import { type OpeningDeps, openOrReport } from './open-or-report';

export interface OwnAccountDeps extends OpeningDeps {
  readonly credentials: Pick<SealedCredentials, 'find' | 'put' | 'remove'>;
}

/** What a seller reads of the own connection: nothing that anybody could act with. */
export type Connection = Pick<MercadoLibreAccount, 'mlUserId' | 'expiresAt'>;

/** Seals the account with a new data key, in the place of the one before. @throws UNAUTHENTICATED the seller is gone */
export const connectAccount =
  ({ envelope, credentials }: Pick<OwnAccountDeps, 'envelope' | 'credentials'>) =>
  async (seller: Seller, account: MercadoLibreAccount): Promise<void> => {
    const owner = ownerOf(seller);
    await credentials.put(owner, envelope.seal(owner, accountToText(account)));
  };

/** Null where none is connected. @throws INTERNAL what is stored cannot be opened: to connect again mends it */
export const readConnection =
  (deps: OwnAccountDeps) =>
  async (seller: Seller): Promise<Connection | null> => {
    const owner = ownerOf(seller);
    const sealed = await deps.credentials.find(owner);
    if (!sealed) return null;
    try {
      const { mlUserId, expiresAt } = openOrReport(deps, owner, sealed);
      return { mlUserId, expiresAt };
    } catch (error) {
      if (!(error instanceof CannotOpen)) throw error;
      throw new AppError('INTERNAL', 'The connection cannot be read; connect the account again.', { cause: error });
    }
  };

/** Safe to repeat. */
export const disconnectAccount =
  ({ credentials }: Pick<OwnAccountDeps, 'credentials'>) =>
  (seller: Seller): Promise<void> =>
    credentials.remove(ownerOf(seller));

function ownerOf({ userId }: Seller): Owner {
  return { userId, provider: PROVIDER };
}
