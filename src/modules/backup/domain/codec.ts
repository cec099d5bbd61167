import type { Sha256 } from '../../../kernel/sha256';
import type { BackedObject, BlobName } from './backed-object';

export type Bytes = AsyncIterable<Uint8Array>;

/** How bytes become what the target keeps, and back. Streams: memory does not grow with their length. */
export interface Codec {
  readonly encryption: 'none' | 'age';
  /** Lines: compressed, then sealed. */
  pack(plain: Bytes): Bytes;
  /** @throws BackupDamaged, WrongBackupKey, while it is read */
  unpack(stored: Bytes, what: string): Bytes;
  /** Objects: sealed as they are; pictures do not get smaller. */
  seal(plain: Bytes): Bytes;
  /** @throws BackupDamaged, WrongBackupKey, while it is read */
  unseal(stored: Bytes, what: string): Bytes;
  nameOf(sha256: Sha256): BlobName;
  /** How names were made where this object has this one: by the identity, or by one before it. Null: by none that is known. */
  namingOf(object: Pick<BackedObject, 'name' | 'sha256'>): ((sha256: Sha256) => BlobName) | null;
  /** What `nameOf` is keyed with, for a database that makes names itself: HMAC-SHA256 of the digest's 32 bytes. Null: names are digests. */
  readonly namingKey: Uint8Array | null;
}
