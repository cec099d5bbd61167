import { AppError } from '../../../../kernel/app-error';
import type { Log } from '../../../../kernel/log';
import type { Worker } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
import { type LeaseId, requireCurrent } from '../../domain/work/lease';
import type { Leases, RefreshCredential, RefreshedCredential } from '../../domain/work/ports';
import { lockLease } from './require-lease';

export interface RefreshCredentialDeps {
  readonly leases: Pick<Leases, 'lock'>;
  readonly inTransaction: InTransaction;
  readonly refreshCredential: RefreshCredential;
  readonly log: Log;
}

/**
 * Keeps the tokens that a publishing worker got for the refresh token of its job, for the next one.
 * @throws AppError NOT_FOUND, LEASE_LOST; CONFLICT for a lease of another phase, and where the refresh token spent is not what is kept
 */
export const refreshCredential =
  (deps: RefreshCredentialDeps) =>
  async (worker: Worker, id: LeaseId, refreshed: RefreshedCredential): Promise<void> => {
    const { productId } = await deps.inTransaction(async (tx) => {
      const lease = await lockLease(deps.leases, tx, worker, id);
      requireCurrent(lease);
      if (lease.phase !== 'publishing') throw new AppError('CONFLICT', 'Only a publishing lease has credentials.');
      await deps.refreshCredential(tx, lease.productId, refreshed);
      return lease;
    });
    const fields = { audit: 'mercadolibre_account_refreshed', account_id: worker.userId, product_id: productId };
    deps.log.info(
      { ...fields, lease_id: id },
      'a publishing worker has refreshed what a MercadoLibre account is reached with',
    );
  };
