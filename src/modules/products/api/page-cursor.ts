import { AppError } from '../../../kernel/app-error';
import { isUuid, type ProductId } from '../../../kernel/ids';
import type { PagePosition } from '../domain/ports';

// Opaque to clients: base64url of `<time of creation> <id>`. It holds nothing that the page before it did not show.
const CONTENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S{36})$/;

export function encodeCursor({ createdAt, id }: PagePosition): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** @throws AppError VALIDATION_FAILED for anything that `encodeCursor` has not made */
export function decodeCursor(cursor: string): PagePosition {
  const [, time = '', id = ''] = CONTENT.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const createdAt = new Date(time);
  // PostgreSQL knows no year 0, JavaScript does.
  const known = isUuid(id) && createdAt.getTime() >= 0;
  const position = { createdAt, id: id as ProductId };
  if (known && encodeCursor(position) === cursor) return position;
  throw new AppError('VALIDATION_FAILED', 'cursor is not one that this API has given.', {
    details: { fields: [{ path: 'cursor', message: 'send next_cursor of the page before, unchanged' }] },
  });
}
