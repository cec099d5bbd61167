export { LIFECYCLE_EVENTS } from './domain/lifecycle';
export type { UploadProgress } from './domain/upload-progress';
export { type ProductsModule, productsModule } from './module';
