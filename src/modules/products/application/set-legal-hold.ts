import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import type { LegalHolds } from '../domain/ports';

/**
 * Puts a product under legal hold, or ends it; the database itself refuses to delete what is held. For operators.
 * @param reason for the log alone, which is the record of who was told to keep what
 * @throws AppError PRODUCT_NOT_FOUND
 */
export const setLegalHold =
  (deps: { readonly holds: LegalHolds; readonly log: Log }) =>
  async (id: ProductId, held: boolean, reason: string): Promise<void> => {
    if (!(await deps.holds.set(id, held))) throw new AppError('PRODUCT_NOT_FOUND');
    // As a warning, so that no usual level of the log leaves it out.
    deps.log.warn(
      { product_id: id, legal_hold: held, reason, actor: 'operator' },
      held ? 'a product was put under legal hold' : 'a legal hold was ended',
    );
  };
