import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { credentialsRouter } from './api/router';
import { accountsOfProducts } from './application/accounts-of-products';
import { connectAccount, disconnectAccount, readConnection } from './application/own-account';
import { refreshAccount } from './application/refresh-account';
import { rotateKeys } from './application/rotate-keys';
import type { CountUnreadable } from './domain/ports';
import { aesEnvelope } from './infrastructure/aes-envelope';
import { keyRing } from './infrastructure/key-ring';
import { postgresSealedCredentials } from './infrastructure/postgres-sealed-credentials';

export interface CredentialsParts {
  readonly database: Database;
  /** The current key first, then those before it. */
  readonly keys: readonly string[];
  readonly log: Log;
  readonly unreadable: CountUnreadable;
}

/** Part of the composition root: sellers' credentials on their infrastructure. */
export function credentialsModule({ database, keys, log, unreadable }: CredentialsParts) {
  const deps = {
    envelope: aesEnvelope(keyRing(keys)),
    credentials: postgresSealedCredentials(database.orm),
    log,
    unreadable,
  };
  return {
    router: credentialsRouter({
      connectAccount: connectAccount(deps),
      readConnection: readConnection(deps),
      disconnectAccount: disconnectAccount(deps),
    }),
    accountsOfProducts: accountsOfProducts(deps),
    refreshAccount: refreshAccount(deps),
    rotateKeys: rotateKeys(deps),
  };
}
