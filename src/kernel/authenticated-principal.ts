import type { UserId } from './ids';
import type { Principal, Role } from './principal';

/**
 * Makes a principal of claims whose signature has been verified.
 * Only identity's authentication may import this file (dependency-cruiser: `only-identity-makes-principals`).
 */
export function authenticatedPrincipal(claims: { userId: UserId; role: Role; sessionId?: string }): Principal {
  return Object.freeze({ ...claims }) as Principal;
}
