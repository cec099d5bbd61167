import { AppError, isAppError } from '../../../../kernel/app-error';
import type { ObjectKey } from '../../../../kernel/object-key';
import {
  ChecksumMismatch,
  KeyNotUsable,
  ObjectExists,
  ObjectMissing,
  RangeNotSatisfiable,
} from '../../domain/store-errors';

/** An answer other than success. Only the code is kept: the body may name keys, the URL carries a signature. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal';
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`the store answered ${status} ${code}`);
  }
}

const MEANINGFUL = [ObjectExists, ObjectMissing, ChecksumMismatch, KeyNotUsable, RangeNotSatisfiable];
/**
 * Of versitygw, for every folder that it could not make: an object stands in its place, or a deletion beside it has just removed
 * the folder above as empty. Only trying again tells which.
 */
const FOLDER_NOT_MADE = 'ExistingObjectIsDirectory';
/** Refusals below 500 that pass with time. @see Amazon S3 API, Error responses */
const PASSING_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'TooManyRequests',
  'ThrottlingException',
  'OperationAborted',
  'ConditionalRequestConflict',
  FOLDER_NOT_MADE,
]);
const CHECKSUM_CODES = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  'InvalidChecksum',
  'ChecksumMismatch',
]);
const KEY_CODES = new Set([
  'KeyTooLongError',
  'KeyTooLong',
  'XMinioInvalidObjectName',
  'XMinioParentIsObject',
  'ObjectParentIsFile',
  'ExistingObjectIsFile',
  FOLDER_NOT_MADE,
]);

/**
 * What an error calls for: `meaningful` ones are the caller's, `passing` ones may be tried again, `final` ones may not.
 * An answer of the store says which; everything without an answer (network, time) may pass.
 */
export function classify(error: unknown): 'meaningful' | 'passing' | 'final' {
  if (isAppError(error) || isOurMistake(error) || MEANINGFUL.some((type) => error instanceof type)) return 'meaningful';
  const { status, code } = answerOf(error);
  if (status === undefined) return 'passing';
  return status >= 500 || status === 429 || status === 408 || PASSING_CODES.has(code) ? 'passing' : 'final';
}

export function isChecksumRefusal(error: unknown): boolean {
  return CHECKSUM_CODES.has(answerOf(error).code);
}

/** Whether the store said that it can't hold the key. An answer to HEAD has no body to say it in: there the key itself tells. */
export function isKeyRefusal(error: unknown, key: ObjectKey): boolean {
  const { status, code } = answerOf(error);
  const hasLongPart = key.split('/').some((part) => Buffer.byteLength(part) > 255);
  return KEY_CODES.has(code) || (status === 400 && hasLongPart);
}

export function statusOf(error: unknown): number | undefined {
  return answerOf(error).status;
}

/** Reads a refusal of our own fetch and an exception of the AWS SDK alike. */
function answerOf(error: unknown): { status: number | undefined; code: string } {
  if (error instanceof S3Refusal) return error;
  if (!(error instanceof Error)) return { status: undefined, code: '' };
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number } | undefined) : undefined;
  return { status: metadata?.httpStatusCode, code: error.name };
}

/** A TypeError of ours (a key that climbs) comes again however often it is tried; fetch's network errors carry a code. */
function isOurMistake(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && !('code' in error);
}

/** Reads a refusal's body to its end, so that the connection can be used again. */
export async function refusalOf(response: Response): Promise<S3Refusal> {
  const body = await response.text();
  return new S3Refusal(response.status, /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1] ?? '');
}

/** What the log may know of an error: fetch puts the URL it was given, signature and session token included, on its errors. */
export function storageUnavailable(error: unknown): AppError {
  return new AppError('STORAGE_UNAVAILABLE', undefined, { cause: new StoreFailure(error) });
}

class StoreFailure extends Error {
  override readonly name: string;
  readonly code: string;
  readonly status: number | undefined;

  constructor(error: unknown) {
    const said = error instanceof Error ? error.message : 'not an error';
    super(said.replace(/\?[^\s"']*/g, ''));
    this.name = error instanceof Error ? error.name : 'StoreFailure';
    const answer = answerOf(error);
    this.status = answer.status;
    this.code = error instanceof Error && 'code' in error ? String(error.code) : answer.code;
  }
}
