import type { AppError } from '../../kernel/app-error';

export interface ErrorBody {
  error: { code: string; message: string; details?: unknown; request_id: string };
}

/** The body of every error, on every door but tRPC, whose own envelope carries the same fields under `data`. */
export function errorBody(error: AppError, requestId: string): ErrorBody {
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
  const response = Response.json(errorBody(error, requestId), { status: error.httpStatus });
  if (error.retryAfterSeconds !== undefined) response.headers.set('retry-after', String(error.retryAfterSeconds));
  response.headers.set('x-request-id', requestId);
  return response;
}
