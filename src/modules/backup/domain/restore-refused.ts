import { BackupFault } from './backup-faults';

/** Nothing was changed, or everything that had been was taken back: the message says what is in the way. */
export class RestoreRefused extends BackupFault {
  override readonly name = 'RestoreRefused';
}
