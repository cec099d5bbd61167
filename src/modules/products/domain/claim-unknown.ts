import { AppError } from '../../../kernel/app-error';

/** The connection was lost while a key was being claimed: its claim may have been committed, and only a later question can tell. */
export class ClaimUnknown extends AppError {
  constructor(cause: unknown) {
    super('DATABASE_UNAVAILABLE', undefined, { cause });
  }
}
