import { z } from 'zod';
import { AppError } from '../../../kernel/app-error';
import { isUuidV7, type ProductId } from '../../../kernel/ids';

/** Documents what an answer carries that is given a second time. */
export const replayedHeader = {
  'idempotency-replayed': z
    .literal('true')
    .optional()
    .meta({ description: 'The Idempotency-Key was seen before: this is what it was answered then.' }),
};

/**
 * 1 to 255 visible ASCII characters, chosen by the client.
 * @throws AppError VALIDATION_FAILED
 */
export function idempotencyKeyOf(headers: Headers): string | null {
  const key = headers.get('idempotency-key');
  if (key === null) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw wrong('Idempotency-Key', 'must have 1 to 255 visible ASCII characters');
}

/**
 * The id that the client has chosen for its product, so that it can follow the upload from the start.
 * @throws AppError VALIDATION_FAILED
 */
export function uploadIdOf(headers: Headers): ProductId | null {
  const id = headers.get('x-upload-id')?.toLowerCase() ?? null;
  if (id === null || isUuidV7(id)) return id as ProductId | null;
  throw wrong('X-Upload-Id', 'must be a UUIDv7');
}

function wrong(header: string, rule: string): AppError {
  return new AppError('VALIDATION_FAILED', `${header} ${rule}.`, { details: { field: header } });
}
