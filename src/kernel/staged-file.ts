import type { Sha256 } from './sha256';

/** A file received whole and closed, on local disk, that its staging folder removes later. */
export interface StagedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  /**
   * This digest and the state of the inode that it was read from (`hashedInode`): while both are the same, the bytes are. Absent
   * where the digest was not read from the file.
   */
  readonly hashedAs?: string;
}
