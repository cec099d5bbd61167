import type { Branded } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { BlobName } from './backed-object';

/** A UUIDv7: backups sort by the time they were begun. */
export type BackupId = Branded<'BackupId'>;

const BACKUPS = 'backups/';
const BLOBS = 'objects/';
const BACKUP_KEY = /^backups\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(.+)$/;

export const ALL_BACKUPS = BACKUPS as unknown as KeyPrefix;
export const ALL_BLOBS = BLOBS as unknown as KeyPrefix;

export function backupFolder(id: BackupId): KeyPrefix {
  return `${BACKUPS}${id}/` as unknown as KeyPrefix;
}

/** @returns null for a key that is none of a backup's */
export function partsOfBackupKey(key: ObjectKey): { readonly id: BackupId; readonly name: string } | null {
  const [, id, name] = BACKUP_KEY.exec(key) ?? [];
  return id === undefined || name === undefined ? null : { id: id as BackupId, name };
}

/** Written last: a backup without it does not exist. */
export const MANIFEST = 'manifest';
/** Written first, and gone when the manifest is there: whoever made it is at work, or has died. */
export const PENDING = 'manifest.pending';
/** Somebody gave the backup up when its manifest might still come: whatever comes later, it does not exist. */
export const VOID = 'void';
/** One small file for each time that somebody read the backup and found it whole. */
export const VERIFIED = 'verified/';
/** Those of them that read the bytes of all objects. */
export const FULLY_VERIFIED = 'verified/full-';

export function fileOf(id: BackupId, name: string): ObjectKey {
  return `${BACKUPS}${id}/${name}` as unknown as ObjectKey;
}

/** Segments are numbered from 1. */
export function segmentName(of: string, number: number): string {
  return `${of}/${String(number).padStart(6, '0')}`;
}

export function segmentsFolder(id: BackupId, of: string): KeyPrefix {
  return `${BACKUPS}${id}/${of}/` as unknown as KeyPrefix;
}

/** One object, whichever backups name it; in the order of names. */
export function blobKey(name: BlobName): ObjectKey {
  return `${BLOBS}${name.slice(0, 2)}/${name}` as unknown as ObjectKey;
}

/** @returns null for a key that is none of ours */
export function nameOfBlobKey(key: ObjectKey): BlobName | null {
  const name = /^objects\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(key)?.[1];
  return name === undefined ? null : (name as BlobName);
}
