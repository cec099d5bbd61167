import { AppError } from '../../kernel/app-error';
import type { Log } from '../../kernel/log';
import { errorResponse } from './error-body';
import { setSecurityHeaders } from './security-headers';
import { toAppError } from './to-app-error';

/**
 * What is answered in place of an answer that could not be sent: Bun opens the file that one names only when no door has a say any
 * more, and it may have been deleted since. Bun's own words would have no form and no id, and tell stderr the path.
 * Which request it was Bun does not say: the id is a new one, and the request's own log line holds what was to be answered.
 */
export function unsendable(log: Log): (error: unknown) => Response {
  return (error) => {
    const seen = isGone(error) ? new AppError('NOT_FOUND') : toAppError(error);
    const requestId = Bun.randomUUIDv7();
    const line = { request_id: requestId, status: seen.httpStatus, error_codes: [seen.code] };
    if (seen.httpStatus < 500) log.info(line, 'what was to be sent is gone');
    else log.error({ ...line, err: seen.cause ?? seen }, 'an answer could not be sent');
    const response = errorResponse(seen, requestId);
    setSecurityHeaders(response.headers, null);
    return response;
  };
}

/** @see errno(3) */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
