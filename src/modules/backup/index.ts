export {
  BackupDamaged,
  BackupFault,
  BackupNotConfigured,
  NewerBackup,
  NoSuchBackup,
  WrongBackupKey,
} from './domain/backup-faults';
export type { BackupId } from './domain/layout';
export { backupReading, codecOf } from './reading-parts';
