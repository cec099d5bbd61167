import type { Sha256 } from './sha256';

/** A file received whole and closed, on local disk, that its staging folder removes later. */
export interface StagedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}
