export { credentialsModule } from './module';
