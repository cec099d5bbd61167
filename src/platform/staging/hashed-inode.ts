import type { BigIntStats } from 'node:fs';
import type { Sha256 } from '../../kernel/sha256';

/** A digest with the inode that it was read from, and when that was changed last: it holds as long as the inode says the same. */
export function hashedInode(sha256: Sha256, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [sha256, dev, ino, size, mtimeNs, ctimeNs].join(':');
}
