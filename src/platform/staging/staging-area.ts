import type { StagedFile } from '../../kernel/staged-file';
import type { OnChunk } from './write-hashed';

/**
 * Temporary files of this process, in a folder of its own that an flock holds: a folder without a lock is dead and is removed.
 */
export interface StagingArea {
  readonly folder: string;
  /** A folder for one request's files; everything in it goes with `remove()`. */
  open(): Promise<StagingFolder>;
  /**
   * The same for files that only this process reads: where the system can open a descriptor by a path (Linux), and not too many are
   * open, they have no name in any folder, and their paths end with `remove()`. @see proc_pid_fd(5)
   */
  openUnnamed(): Promise<UnnamedFolder>;
  close(): Promise<void>;
}

export interface UnnamedFolder {
  /**
   * Writes the bytes to a new file, hashing as they pass.
   * @param onChunk what it throws ends the staging; the file goes with the folder at the latest
   */
  stage(bytes: AsyncIterable<Uint8Array>, onChunk?: OnChunk): Promise<StagedFile>;
  remove(): Promise<void>;
}

export interface StagingFolder extends UnnamedFolder {
  /** A path in the folder that nobody else was given, for a file that another process writes. */
  newPath(): string;
  /** Hashes such a file, once it is whole. */
  adopt(path: string): Promise<StagedFile>;
}
