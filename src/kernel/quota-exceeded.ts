import { AppError } from './app-error';

/** What an account may have only so much of. */
export type QuotaKind = 'products' | 'bytes';

export function quotaExceeded(quota: QuotaKind): AppError {
  return new AppError('QUOTA_EXCEEDED', `This account has as many ${quota} as it may have.`, { details: { quota } });
}
