import { generateX25519Identity } from 'age-encryption';
import { listBackups } from './application/read/list-backups';
import { openBackup } from './application/read/open-backup';
import type { Codec } from './domain/codec';
import type { TargetStore } from './domain/target-store';
import { ageCodec, openCodec } from './infrastructure/age-codec';
import { manifestFile } from './infrastructure/manifest-file';

export interface BackupEncryption {
  /** BACKUP_ENCRYPTION_IDENTITY */
  readonly identity: string;
  /** BACKUP_ENCRYPTION_FORMER_IDENTITIES */
  readonly former: readonly string[];
}

/** @param encryption null: the target keeps everything as it is, and refuses what is encrypted */
export async function codecOf(encryption: BackupEncryption | null): Promise<Codec> {
  return encryption === null ? openCodec : await ageCodec(encryption.identity, encryption.former);
}

/** The reading side of a target: for whoever lists, verifies, restores or compares. */
export function backupReading(target: TargetStore, codec: Codec) {
  const reading = { target, codec, manifests: manifestFile };
  return { list: listBackups(reading), open: openBackup(reading) };
}

/** For BACKUP_ENCRYPTION_IDENTITY. */
export const newBackupIdentity = (): Promise<string> => generateX25519Identity();
