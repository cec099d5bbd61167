import type { BackupId } from './layout';

/** Errors that an operator can do something about; their messages say what. */
export abstract class BackupFault extends Error {}

export class NoSuchBackup extends BackupFault {
  override readonly name = 'NoSuchBackup';
  constructor(id: BackupId | null) {
    super(
      id === null
        ? 'the target holds no backup (a backup without its manifest does not exist)'
        : `the target holds no backup ${id} (one without its manifest does not exist)`,
    );
  }
}

/** Said without its text, all of which is right but for a letter. */
export class NotAnIdentity extends BackupFault {
  override readonly name = 'NotAnIdentity';
  constructor() {
    super(
      'a backup identity is none: a letter of it is wrong (BACKUP_ENCRYPTION_IDENTITY, BACKUP_ENCRYPTION_FORMER_IDENTITIES)',
    );
  }
}

/** The target's bytes are not those that were written: nothing that comes of them is to be kept. */
export class BackupDamaged extends BackupFault {
  override readonly name = 'BackupDamaged';
  constructor(
    readonly what: string,
    why: string,
  ) {
    super(`the backup is damaged: ${what} ${why}`);
  }
}

/** A file that should be there is not. */
export class BackupLacks extends BackupDamaged {
  constructor(what: string) {
    super(what, 'is missing');
  }
}

export class WrongBackupKey extends BackupFault {
  override readonly name = 'WrongBackupKey';
  constructor() {
    super(
      'the backup is encrypted with a key that is neither BACKUP_ENCRYPTION_IDENTITY nor one of BACKUP_ENCRYPTION_FORMER_IDENTITIES',
    );
  }
}

export class NewerBackup extends BackupFault {
  override readonly name = 'NewerBackup';
  constructor(format: unknown) {
    super(`the backup has format ${format}, which a newer version of this software wrote: read it with that version`);
  }
}

/** It is there, and what it is of can't be told. An older one is not taken in its stead: whoever restores must know of which moment. */
export class BackupUnreadable extends BackupFault {
  override readonly name = 'BackupUnreadable';
  constructor(
    readonly id: BackupId,
    override readonly cause: Error,
  ) {
    super(
      `backup ${id} can't be read: ${cause.message}. No other is taken for it: \`backup list\` tells which can be; name one`,
    );
  }
}

export class BackupNotConfigured extends BackupFault {
  override readonly name = 'BackupNotConfigured';
  constructor() {
    super('there is no target for backups: set BACKUP_DIR or BACKUP_S3_BUCKET_NAME (docs/backup.md)');
  }
}

/** Somebody else makes or prunes backups on this target. */
export class TargetBusy extends BackupFault {
  override readonly name = 'TargetBusy';
  constructor(readonly holder: string) {
    super(`the target is in use: ${holder}. If that process has died, its lease ends by itself (BACKUP_LEASE_SECONDS)`);
  }
}

/** Renewed too late, or taken over: what was begun is not to be ended. */
export class LeaseLost extends BackupFault {
  override readonly name = 'LeaseLost';
  constructor(which: 'target' | 'pin') {
    super(
      which === 'target'
        ? 'the lease on the target was lost: it was not renewed in time, and another process may have taken it'
        : 'the pin was lost: it was not renewed in time, and objects of the snapshot may have been deleted since',
    );
  }
}

export class TooMuchAbsent extends BackupFault {
  override readonly name = 'TooMuchAbsent';
  constructor(absent: number) {
    super(
      `${absent} objects that rows name are missing or damaged, more than can be a matter of single objects. Is this the bucket of this database?`,
    );
  }
}

/** More would go than should ever; nothing was deleted. */
export class PruneBrake extends BackupFault {
  override readonly name = 'PruneBrake';
  constructor(what: string, allowed: string) {
    super(
      `${what}, more than ${allowed}. Nothing was deleted: look at \`backup list\`, and allow more for this once if it is right`,
    );
  }
}

export class VerificationFailed extends BackupFault {
  override readonly name = 'VerificationFailed';
  constructor(id: BackupId, problems: number) {
    super(`backup ${id} is not whole: ${problems} problems; the log names them`);
  }
}
