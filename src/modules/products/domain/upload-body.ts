/**
 * One file of a multipart body, unread. Its bytes can be read once, and only until the visitor's `file()` has settled.
 * A chunk is good until the next one is asked for: who wants to keep it copies it.
 */
export interface FilePart {
  readonly field: string;
  /** As the client wrote it: to be shown back to it, never to be used as a path. */
  readonly fileName: string;
  /** Order among the files of the body, from 0. */
  readonly index: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface UploadVisitor {
  field(name: string, value: string): void | Promise<void>;
  /** The next part is not read before this has settled: that is the backpressure. What it leaves unread is skipped. */
  file(part: FilePart): Promise<void>;
}

/**
 * A multipart/form-data body that nobody has read yet, whatever door it came through.
 * `platform/http/multipart-body.ts` makes it of a request.
 */
export interface UploadBody {
  /** Announced length in bytes; null where the client sends chunked. */
  readonly contentLength: number | null;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /**
   * Walks the parts in the order they come; memory does not grow with the body. When the visitor throws,
   * the rest of the body is left unread and the same error comes out.
   * @throws AppError MALFORMED_REQUEST (no boundary, cut off, a file part without a filename), REQUEST_TOO_LARGE,
   *   REQUEST_TIMEOUT (slower than the minimum rate), VALIDATION_FAILED (a field too long, too many fields)
   * @throws an error named AbortError when the client disconnects: nobody is left to answer
   */
  read(visitor: UploadVisitor): Promise<void>;
}
