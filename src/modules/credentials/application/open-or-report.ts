import type { Log } from '../../../kernel/log';
import { accountOfText } from '../domain/account-text';
import { CannotOpen, type Envelope, type Owner, type Sealed } from '../domain/envelope';
import type { MercadoLibreAccount } from '../domain/mercadolibre-account';
import type { CountUnreadable } from '../domain/ports';

export interface OpeningDeps {
  readonly envelope: Envelope;
  readonly log: Log;
  readonly unreadable: CountUnreadable;
}

/** Fails closed: what does not open is told to operators, by log and metric. @throws CannotOpen */
export function openOrReport(deps: OpeningDeps, owner: Owner, sealed: Sealed): MercadoLibreAccount {
  try {
    return accountOfText(deps.envelope.open(owner, sealed));
  } catch (error) {
    if (error instanceof CannotOpen) reportUnreadable(deps, owner, error);
    throw error;
  }
}

/** Null for what does not open, which operators have been told then. */
export function openOrNull(deps: OpeningDeps, owner: Owner, sealed: Sealed): MercadoLibreAccount | null {
  try {
    return openOrReport(deps, owner, sealed);
  } catch (error) {
    if (error instanceof CannotOpen) return null;
    throw error;
  }
}

/** Whose, and why; nothing of what is in it. */
export function reportUnreadable(
  { log, unreadable }: Omit<OpeningDeps, 'envelope'>,
  owner: Owner,
  why: CannotOpen,
): void {
  unreadable(why.reason);
  const { userId, provider } = owner;
  log.error(
    { user_id: userId, provider, key_id: why.keyId, reason: why.reason },
    'the account that a seller has connected cannot be opened: see "Credentials of sellers" in docs/operations.md',
  );
}
