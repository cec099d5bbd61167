export { BackupFault, BackupNotConfigured } from './domain/backup-faults';
export type { BackupId } from './domain/layout';
export { backupParts } from './module';
export { backupReading, codecOf, newBackupIdentity } from './reading-parts';
