import { AppError } from '../../../../kernel/app-error';

/** Whether the system call failed for one of these reasons. @see errno(3) */
export function failedWith(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/**
 * @param missing error codes which say that there is nothing
 * @returns null where the work fails with one of them
 */
export async function nullIf<Result>(missing: readonly string[], work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (failedWith(error, ...missing)) return null;
    throw error;
  }
}

export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'errno' in error;
}

/** What the file system refuses (full, read-only, broken) is an outage to the caller; errors with a meaning pass as they are. */
export function asOutage(error: unknown): unknown {
  return isSystemError(error) ? new AppError('STORAGE_UNAVAILABLE', undefined, { cause: error }) : error;
}

export async function orOutage<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asOutage(error);
  }
}
