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

export class BackupNotConfigured extends BackupFault {
  override readonly name = 'BackupNotConfigured';
  constructor() {
    super('there is no target for backups: set BACKUP_DIR or BACKUP_S3_BUCKET_NAME (docs/backup.md)');
  }
}
