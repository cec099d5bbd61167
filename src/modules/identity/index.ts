export type { Authenticate } from './application/authenticate';
export type { Account } from './application/operator/find-account';
export { ROLES } from './domain/role';
export { type IdentityConfig, identityModule } from './module';
