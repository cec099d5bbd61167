import type { Branded } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import { type Sha256, sha256FromHex } from '../../../kernel/sha256';

/**
 * Under which name the target keeps an object, 64 hexadecimal digits: the sha-256 of its bytes, or, where the target is encrypted, a
 * keyed digest of that, so that the target does not learn who else has the same picture.
 */
export type BlobName = Branded<'BlobName'>;

/** Of an object that was not there to be read, and whose row does not tell its digest. */
export const NO_DIGEST = sha256FromHex('0'.repeat(64));

export type ObjectRole = 'original' | 'processed' | 'variant';

/** One line of a backup's object list: what a row of the snapshot names. */
export interface BackedObject {
  readonly name: BlobName;
  /** Of the bytes as they are in the application's own store. */
  readonly sha256: Sha256;
  /** Null where no row tells it. */
  readonly sizeBytes: number | null;
  readonly role: ObjectRole;
  /** In the application's store, without the bucket. */
  readonly key: ObjectKey;
}

/** As COPY writes it: name, sha256, size, role, key; tab between them, `\N` for null. Keys have neither tabs nor backslashes. */
export function lineOfObject({ name, sha256, sizeBytes, role, key }: BackedObject): string {
  return `${name}\t${sha256}\t${sizeBytes ?? '\\N'}\t${role}\t${key}\n`;
}

/** @param line without its line feed. @throws TypeError for anything else */
export function objectOfLine(line: string): BackedObject {
  const [name, sha256, size, role, key, ...more] = line.split('\t');
  const isWhole = key !== undefined && key !== '' && more.length === 0 && /^[0-9a-f]{64}$/.test(name ?? '');
  if (!isWhole || !isRole(role)) throw new TypeError('not a line of an object list');
  return {
    name: name as BlobName,
    sha256: sha256FromHex(sha256 ?? ''),
    sizeBytes: size === '\\N' ? null : Number(size),
    role,
    key: key as unknown as ObjectKey,
  };
}

function isRole(text: string | undefined): text is ObjectRole {
  return text === 'original' || text === 'processed' || text === 'variant';
}
