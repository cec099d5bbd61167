import type { ErrorCode } from '../../../src/kernel/error-codes';

/** What becomes of a file that the door has taken: its product goes on to `processing`, or `failed` with a reason that matches. */
export type Verdict = 'harmless' | RegExp;

export type Expected =
  /** By the door, with this code. */
  | { readonly refused: ErrorCode; readonly direct?: Direct }
  /** 201, and then the decoder. */
  | { readonly decoder: Verdict; readonly direct?: Direct };

/**
 * Where a direct upload, of which only the head and the tail are read, answers otherwise than a multipart one: refused at the start with
 * a code of its own, at the completion with a problem, or left to the decoder.
 */
export type Direct =
  | { readonly start: ErrorCode }
  | { readonly problem: ErrorCode | 'TYPE_MISMATCH' }
  | { readonly decoder: Verdict };

export interface HostileFile {
  readonly what: string;
  readonly bytes: () => Buffer | Promise<Buffer>;
  readonly expected: Expected;
  /** By default photo.jpg. */
  readonly fileName?: string;
  /** What the client says that it is; by default image/jpeg or image/png, as the bytes say. */
  readonly contentType?: string;
}

/** A kind of hostile file, each entry with what is expected of it. */
export type Kind = readonly HostileFile[];
