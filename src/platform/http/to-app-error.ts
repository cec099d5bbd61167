import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError } from '../../kernel/app-error';
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes';
import { quotaExceeded } from '../../kernel/quota-exceeded';
import { databaseFault } from '../database/faults';

/** The one place where an error becomes what a client may see. Whatever is not known here is INTERNAL, without a word of its own. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.core.$ZodError) return ofValidation(error);
  if (error instanceof TRPCError) return ofTrpc(error);
  if (hasNoRoom(error)) return new AppError('STORAGE_UNAVAILABLE', 'There is no room for it now.', { cause: error });
  const fault = databaseFault(error);
  switch (fault.kind) {
    case 'unavailable':
    case 'conflict':
      return new AppError('DATABASE_UNAVAILABLE', undefined, { cause: error });
    case 'invalid-transition':
      return new AppError('INVALID_TRANSITION', undefined, { cause: error });
    case 'quota':
      return quotaExceeded(fault.quota);
    case 'held':
      return new AppError(
        'CONFLICT',
        'It is under legal hold: neither the product nor its images can be deleted or replaced.',
        { cause: error },
      );
    default:
      return new AppError(isOfFiles(error) ? 'STORAGE_UNAVAILABLE' : 'INTERNAL', undefined, { cause: error });
  }
}

/** What is received is put into files, and something has taken their folder away. @see errno(3) */
function isOfFiles(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    'syscall' in error &&
    ['ENOENT', 'EIO', 'EROFS', 'EACCES'].includes(String(error.code))
  );
}

/** A full disk under what is being received: not the client's fault, and later there may be room. @see errno(3) */
function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code));
}

function ofTrpc(error: TRPCError): AppError {
  const { cause } = error;
  if (cause instanceof AppError || cause instanceof z.core.$ZodError) return toAppError(cause);
  switch (error.code) {
    case 'NOT_FOUND':
    case 'METHOD_NOT_SUPPORTED':
      return new AppError('NOT_FOUND', undefined, { cause: error });
    case 'PARSE_ERROR':
    case 'BAD_REQUEST':
    case 'UNSUPPORTED_MEDIA_TYPE':
      return new AppError('MALFORMED_REQUEST', undefined, { cause: error });
    case 'PAYLOAD_TOO_LARGE':
      return new AppError('REQUEST_TOO_LARGE', undefined, { cause: error });
    default:
      return cause === undefined ? new AppError('INTERNAL', undefined, { cause: error }) : toAppError(cause);
  }
}

function ofValidation(error: z.core.$ZodError): AppError {
  const fields = error.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
  return new AppError(codeOfIssues(error), error.issues[0]?.message, { details: { fields }, cause: error });
}

/** A schema may name the code of its failure: `.refine(…, { params: { code: 'INVALID_PROMPT' } })`. */
function codeOfIssues(error: z.core.$ZodError): ErrorCode {
  const [issue] = error.issues;
  const named = issue?.code === 'custom' ? (issue.params?.code as unknown) : undefined;
  return typeof named === 'string' && named in ERROR_CODES ? (named as ErrorCode) : 'VALIDATION_FAILED';
}
