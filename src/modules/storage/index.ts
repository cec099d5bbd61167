export { contentTypeOfKey } from './domain/content-type';
export { type MigrationProgress, type MigrationReport, TargetIsSource } from './domain/object-migration';
export { type StorageModule, storageModule } from './module';
