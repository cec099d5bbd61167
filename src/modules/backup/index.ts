export { drill } from './application/drill/drill';
export type { OpenBackup } from './application/read/open-backup';
export { BackupFault, BackupNotConfigured, NoSuchBackup } from './domain/backup-faults';
export type { DrillReport, ReadProduct, Scratch } from './domain/drill';
export type { BackupId } from './domain/layout';
export type { RestoreReport } from './domain/restore';
export { backupParts } from './module';
export { backupReading, codecOf, newBackupIdentity } from './reading-parts';
export { restoreParts } from './restore-parts';
