import { AppError } from '../../../kernel/app-error';
import type { Principal, Seller } from '../../../kernel/principal';
import type { Admitted, Identities, Tickets } from '../domain/ports';

export type Credential = { readonly token: string } | { readonly ticket: string } | null;

export interface AdmitDeps {
  readonly tickets: Pick<Tickets, 'spend'>;
  readonly identities: Pick<Identities, 'authenticate' | 'expiryOf' | 'liveSessions'>;
}

export type Admit = ReturnType<typeof admit>;

/**
 * Who follows, and until when. A ticket is spent by this, and is worth nothing once its session is revoked.
 * @throws AppError UNAUTHENTICATED; FORBIDDEN where it is no seller
 */
export const admit =
  (deps: AdmitDeps) =>
  async (credential: Credential): Promise<Admitted> => {
    const found = await holderOf(deps, credential);
    if (!found?.principal) throw new AppError('UNAUTHENTICATED');
    const { principal, expiresAt } = found;
    if (principal.role !== 'seller') throw new AppError('FORBIDDEN', 'Only a seller may do this.');
    return { seller: principal as Seller, expiresAt };
  };

async function holderOf(
  { tickets, identities }: AdmitDeps,
  credential: Credential,
): Promise<{ principal: Principal | null; expiresAt: Date } | null> {
  if (credential === null) return null;
  if ('ticket' in credential) {
    const holder = await tickets.spend(credential.ticket);
    const sessionId = holder?.principal.sessionId;
    return sessionId === undefined || (await identities.liveSessions([sessionId])).has(sessionId) ? holder : null;
  }
  const principal = await identities.authenticate(credential.token);
  return principal && { principal, expiresAt: identities.expiryOf(credential.token) };
}
