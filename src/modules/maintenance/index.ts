export { auditTasks } from './audit-parts';
export { AuditBrake, UnknownBucketNamed } from './domain/audit';
export type { TaskReport } from './domain/maintenance-run';
export { TaskIsRunning } from './domain/maintenance-run';
export { ReleaseRefused } from './domain/quarantine';
export { StoreInDoubt } from './domain/scrub';
export { StepsFailed } from './domain/upkeep-step';
export { maintenanceModule } from './module';
