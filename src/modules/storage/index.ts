export type { DrainReport } from './application/drain-intents';
export { type StorageModule, storageModule } from './module';
