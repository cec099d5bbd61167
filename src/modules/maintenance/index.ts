export type { TaskReport } from './domain/maintenance-run';
export { TaskIsRunning } from './domain/maintenance-run';
export { StoreInDoubt } from './domain/scrub';
export { StepsFailed } from './domain/upkeep-step';
export { maintenanceModule } from './module';
