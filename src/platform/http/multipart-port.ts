/**
 * What a multipart body looks like to a reader. Structurally the same as `UploadBody` of the products module, which
 * platform may not import; `tests/contracts/upload-body.test.ts` holds the two together.
 */
export interface MultipartFile {
  readonly field: string;
  /** As the client wrote it, without folders: to be shown back to it, never to be used as a path. */
  readonly fileName: string;
  /** Order among the files of the body, from 0. */
  readonly index: number;
  /**
   * Can be read once, and only until the visitor's `file()` has settled. A chunk is good until the next one is asked for:
   * who wants to keep it copies it.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface MultipartVisitor {
  field(name: string, value: string): void | Promise<void>;
  /** The next part is not read before this has settled. What it leaves unread of the file is skipped. */
  file(part: MultipartFile): Promise<void>;
}

export interface MultipartBody {
  /** Announced length in bytes; null where the client sends chunked. */
  readonly contentLength: number | null;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /**
   * Walks the parts in the order they come, once. When the visitor throws, the rest is left unread and the same error
   * comes out.
   * @throws AppError MALFORMED_REQUEST, REQUEST_TOO_LARGE, REQUEST_TIMEOUT, VALIDATION_FAILED (a field too long, too many fields)
   * @throws ClientDisconnected nobody is left to answer
   */
  read(visitor: MultipartVisitor): Promise<void>;
}

export interface MultipartLimits {
  /** The whole body in bytes, delimiters and headers included. */
  readonly totalBytes: number;
  /** How many parts that are not files. */
  readonly fields: number;
  /** Of one such part, in bytes. */
  readonly fieldBytes: number;
}
