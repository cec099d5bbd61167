import { ERROR_CODES, type ErrorCode } from './error-codes';

export interface AppErrorOptions {
  /** Sent to the client as `details`: no path, key, SQL or secret may be in it. */
  details?: unknown;
  /** Sent as Retry-After, in whole seconds. */
  retryAfterSeconds?: number;
  /** Where a protocol has a status of its own for it; by default the code's. */
  httpStatus?: number;
  /** For the log alone. */
  cause?: unknown;
}

/** An error that a client may see: its code, message and details leave the process, its cause and stack never do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;
  readonly httpStatus: number;

  constructor(code: ErrorCode, message?: string, options: AppErrorOptions = {}) {
    super(message ?? ERROR_CODES[code].says, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (ERROR_CODES[code].http === 503 ? 5 : undefined);
    this.httpStatus = options.httpStatus ?? ERROR_CODES[code].http;
  }
}

export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}
