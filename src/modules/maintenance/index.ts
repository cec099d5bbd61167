export { auditTasks } from './audit-parts';
export { AuditBrake, UnknownBucketNamed } from './domain/audit';
export type { TaskReport } from './domain/maintenance-run';
export { TaskIsRunning } from './domain/maintenance-run';
export { ReleaseRefused } from './domain/quarantine';
export { StoreInDoubt } from './domain/scrub';
export type { UpkeepStep } from './domain/upkeep-step';
export { StepsFailed } from './domain/upkeep-step';
export { maintenanceModule } from './module';
