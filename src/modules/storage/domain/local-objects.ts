import type { ObjectKey } from '../../../kernel/object-key';
import type { StagedFile } from '../../../kernel/staged-file';
import type { ObjectHead } from './object-store';

/** Objects that are files of this machine, so that the kernel can send them without passing through this process. */
export interface LocalObjects {
  /** Null when there is no such object. `sha256` is known: it is read from the bytes where it has to be. */
  locate(key: ObjectKey): Promise<{ readonly path: string; readonly head: ObjectHead } | null>;

  /**
   * As `ObjectStore.put`, but once: of two at the same time one is the first, and a repeated one is told so.
   * @throws ObjectExists the key is taken, by whichever bytes; else as `ObjectStore.put`
   * @see Amazon S3 API, PutObject: If-None-Match
   */
  putOnce(key: ObjectKey, file: StagedFile, signal?: AbortSignal): Promise<void>;
}
