import { AppError } from '../../../../kernel/app-error';
import type { ProductId } from '../../../../kernel/ids';
import type { Log } from '../../../../kernel/log';
import type { Seller } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
import type { DirectUploads } from '../../domain/direct-upload-ports';
import type { AttemptJournal } from '../../domain/upload-ports';

export interface AbortUploadDeps {
  readonly uploads: Pick<DirectUploads, 'lock'>;
  readonly journal: Pick<AttemptJournal, 'abandon' | 'drain'>;
  readonly inTransaction: InTransaction;
  readonly log: Log;
}

/**
 * Gives an upload up: its intent is claimed first, which takes its rows with it; then its objects go. A PUT that ends later is
 * deleted by the sweep, as long as its URL could have begun one.
 * @throws AppError PRODUCT_NOT_FOUND, also where it is complete: then the product is what can be deleted
 */
export const abortUpload =
  (deps: AbortUploadDeps) =>
  async (seller: Seller, id: ProductId): Promise<void> => {
    const intentId = await deps.inTransaction(async (tx) => {
      const upload = await deps.uploads.lock(tx, seller, id);
      if (!upload) throw new AppError('PRODUCT_NOT_FOUND');
      await deps.journal.abandon(tx, upload.intentId);
      return upload.intentId;
    });
    await deps.journal.drain(intentId).catch((error) => {
      deps.log.warn({ err: error, intent_id: intentId }, 'the objects of an aborted upload are left to the sweep');
    });
  };
