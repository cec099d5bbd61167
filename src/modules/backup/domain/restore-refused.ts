import type { ObjectKey } from '../../../kernel/object-key';
import { BackupFault } from './backup-faults';

/** Nothing was changed, or everything that had been was taken back: the message says what is in the way. */
export class RestoreRefused extends BackupFault {
  override readonly name = 'RestoreRefused';
  /** All objects that it is for; the message names some. */
  readonly keys: readonly ObjectKey[];

  constructor(message: string, { keys = [], ...options }: ErrorOptions & { keys?: readonly ObjectKey[] } = {}) {
    super(message, options);
    this.keys = keys;
  }
}

/**
 * The database was given to another run, its half of a backup was thrown away, or nobody keeps others out of it any more: this run has
 * nothing to end and nothing to take back.
 */
export class RunLost extends Error {
  override readonly name = 'RunLost';
  constructor(
    message = 'what this restore has begun is another one’s by now, or was thrown away: look which one is at work',
  ) {
    super(message);
  }
}
