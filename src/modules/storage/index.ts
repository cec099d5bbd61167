export type { DrainReport } from './application/drain-intents';
export type { MigrationProgress, MigrationReport } from './domain/object-migration';
export { type StorageModule, storageModule } from './module';
