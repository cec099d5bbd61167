import { AppError } from '../../../kernel/app-error';
import type { Status } from './lifecycle';

/** In which statuses a seller may change what. Elsewhere a worker or the marketplace may be using what would change. */
const ALLOWED_IN = {
  'the prompt': ['uploading', 'ready', 'failed'],
  'the images': ['ready', 'failed'],
  // Which image comes first decides nothing that workers do, only what the marketplace is sent.
  'the primary image': ['uploading', 'processing', 'ready', 'failed'],
} as const satisfies Record<string, readonly Status[]>;

export type Editable = keyof typeof ALLOWED_IN;

/** @throws AppError CONFLICT, its details naming the status and the ones that allow it */
export function requireEditable(what: Editable, status: Status): void {
  const allowed: readonly Status[] = ALLOWED_IN[what];
  if (allowed.includes(status)) return;
  throw new AppError('CONFLICT', `While ${status}, a product keeps ${what}.`, {
    details: { status, allowed_in: allowed },
  });
}
