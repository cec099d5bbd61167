import type { ObjectKey } from '../../../../kernel/object-key';
import type { StagedFile } from '../../../../kernel/staged-file';

/** The object store, as preparing needs it. @throws AppError STORAGE_UNAVAILABLE */
export interface PrepareObjects {
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  /** Null when there is no such object. */
  head(key: ObjectKey): Promise<object | null>;
  put(key: ObjectKey, file: StagedFile, contentType: string, signal?: AbortSignal): Promise<void>;
}

/** A folder for the temporary files of one image. */
export interface PrepareFolder {
  stage(bytes: AsyncIterable<Uint8Array>): Promise<StagedFile>;
  /** A path in the folder that nobody else was given, for a file that another process writes. */
  newPath(): string;
  /** Hashes such a file, once it is whole. */
  adopt(path: string): Promise<StagedFile>;
  remove(): Promise<void>;
}

export interface PrepareFolders {
  open(): Promise<PrepareFolder>;
}

/** The store does not have the bytes that the row names: never the seller's fault, and no reason to fail a product. */
export class OriginalDamaged extends Error {
  override readonly name = 'OriginalDamaged';
  constructor(readonly problem: 'missing' | 'damaged') {
    super(`an original is ${problem} in the store`);
  }
}
