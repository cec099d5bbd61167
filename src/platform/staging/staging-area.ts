import type { StagedFile } from '../../kernel/staged-file';

/**
 * Temporary files of this process, in a folder of its own that an flock holds: a folder without a lock is dead and is removed.
 */
export interface StagingArea {
  readonly folder: string;
  /** A folder for one request's files; everything in it goes with `remove()`. */
  open(): Promise<StagingFolder>;
  close(): Promise<void>;
}

export interface StagingFolder {
  /**
   * Writes the bytes to a new file, hashing as they pass.
   * @param onChunk sees every chunk before it is written; what it throws ends the staging and removes the file
   */
  stage(
    bytes: AsyncIterable<Uint8Array>,
    onChunk?: (chunk: Uint8Array, sizeBytes: number) => void,
  ): Promise<StagedFile>;
  /** A path in the folder that nobody else was given, for a file that another process writes. */
  newPath(): string;
  /** Hashes such a file, once it is whole. */
  adopt(path: string): Promise<StagedFile>;
  remove(): Promise<void>;
}
