export { contentTypeOfKey } from './domain/content-type';
export type { MigrationProgress, MigrationReport } from './domain/object-migration';
export { type StorageModule, storageModule } from './module';
