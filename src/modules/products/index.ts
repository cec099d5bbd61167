export { LIFECYCLE_EVENTS } from './domain/lifecycle';
export { productsModule } from './module';
