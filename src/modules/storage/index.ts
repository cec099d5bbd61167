export { type StorageModule, storageModule } from './module';
