import { AppError } from '../../../kernel/app-error';

/** VALIDATION_FAILED, with the same `details.fields` that a schema's refusal has. */
export function invalidField(path: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', message, { details: { fields: [{ path, message }] } });
}
