import type { AppError } from '../../kernel/app-error';

interface ErrorBody {
  error: { code: string; message: string; details?: unknown; request_id: string };
}

/** The body of every error, on every door but tRPC, whose own envelope carries the same fields under `data`. */
function errorBody(error: AppError, requestId: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
      request_id: requestId,
    },
  };
}

export function errorResponse(error: AppError, requestId: string): Response {
  const json = JSON.stringify(errorBody(error, requestId));
  const headers = new Headers({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(json)),
    'x-request-id': requestId,
  });
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(error.retryAfterSeconds));
  return new Response(json, { status: error.httpStatus, headers });
}
