export { type IdentityConfig, identityModule } from './module';
