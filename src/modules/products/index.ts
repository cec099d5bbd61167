export { LIFECYCLE_EVENTS } from './domain/lifecycle';
export { type ProductsModule, productsModule } from './module';
