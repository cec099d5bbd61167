export type { TaskReport } from './domain/maintenance-run';
export { TaskIsRunning } from './domain/maintenance-run';
export { maintenanceModule } from './module';
