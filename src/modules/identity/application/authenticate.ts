import { authenticatedPrincipal } from '../../../kernel/authenticated-principal';
import type { Principal } from '../../../kernel/principal';
import type { AccessTokens } from '../domain/access-tokens';
import type { User } from '../domain/user';

export type Authenticate = (bearerToken: string | null) => Promise<Principal | null>;

/**
 * Who sent this access token (without its `Bearer `). Null when it is absent, expired or not ours. The database isn't
 * asked: a revoked session's access token lives out its time (config: ACCESS_TOKEN_TTL_SECONDS).
 */
export const authenticate =
  (deps: { readonly accessTokens: AccessTokens }): Authenticate =>
  async (bearerToken) => {
    const claims = bearerToken ? await deps.accessTokens.verify(bearerToken) : null;
    return claims && authenticatedPrincipal(claims);
  };

/** For the operator's shell, whose proof is that it has the database's password. */
export function principalOf(user: User): Principal {
  return authenticatedPrincipal({ userId: user.id, role: user.role });
}

/** Of claims that were authenticated before and written down by this server itself, such as a ticket's holder. */
export function restoredPrincipal(claims: Pick<Principal, 'userId' | 'role' | 'sessionId'>): Principal {
  return authenticatedPrincipal(claims);
}
