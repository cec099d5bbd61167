import { AppError } from '../../../kernel/app-error';
import type { UploadBody } from '../domain/upload-body';
import type { ReceivingLimits } from './receive-images';

export interface UploadLimits extends ReceivingLimits {
  readonly maxUploadBytes: number;
}

/** What can be refused before a byte of the body is read. */
export function admitUpload({ maxUploadBytes }: UploadLimits, body: UploadBody): void {
  if ((body.contentLength ?? 0) <= maxUploadBytes) return;
  throw new AppError('REQUEST_TOO_LARGE', `A request may have ${maxUploadBytes} bytes at most.`);
}
