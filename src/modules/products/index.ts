export { LIFECYCLE_EVENTS, type LifecycleEvent } from './domain/lifecycle';
export { type ProductsModuleDeps, productsModule } from './module';
