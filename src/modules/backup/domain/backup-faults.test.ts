import { expect, test } from 'bun:test';
import {
  BackupFault,
  BackupNotConfigured,
  NewerBackup,
  NoSuchBackup,
  PruneBrake,
  TooMuchAbsent,
  WrongBackupKey,
} from './backup-faults';
import type { BackupId } from './layout';

test.each([
  [new NoSuchBackup(null), 'holds no backup (a backup without its manifest'],
  [new NoSuchBackup('20261128T120000Z-0' as BackupId), 'holds no backup 20261128T120000Z-0'],
  [new WrongBackupKey(), 'BACKUP_ENCRYPTION_FORMER_IDENTITIES'],
  [new NewerBackup(7), 'has format 7'],
  [new BackupNotConfigured(), 'set BACKUP_DIR or BACKUP_S3_BUCKET_NAME'],
  [new TooMuchAbsent(12), '12 objects that rows name are missing or damaged'],
  [new PruneBrake('90 objects would go', 'the share of 0.5'), '90 objects would go, more than the share of 0.5'],
])('%s tells an operator what can be done', (fault, says) => {
  expect(fault).toBeInstanceOf(BackupFault);
  expect(fault.message).toContain(says);
  expect(fault.name).toBe(fault.constructor.name);
});
