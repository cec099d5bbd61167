import type { Worker } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
import { type LeaseId, requireCurrent } from '../../domain/work/lease';
import type { Leases } from '../../domain/work/ports';
import { lockLease } from './require-lease';

export interface HeartbeatDeps {
  readonly leases: Pick<Leases, 'lock' | 'extend' | 'recordProgress'>;
  readonly inTransaction: InTransaction;
}

export interface Heartbeat {
  /** Per cent. */
  readonly progress: number | null;
  readonly message: string | null;
}

/**
 * Extends the lease by its own length from now, and tells the seller of the progress, if there is any to tell of.
 * @returns when it expires now
 * @throws AppError NOT_FOUND, LEASE_LOST
 */
export const heartbeat =
  (deps: HeartbeatDeps) =>
  (worker: Worker, id: LeaseId, { progress, message }: Heartbeat): Promise<Date> =>
    deps.inTransaction(async (tx) => {
      const lease = await lockLease(deps.leases, tx, worker, id);
      requireCurrent(lease);
      const expiresAt = await deps.leases.extend(tx, lease);
      if (progress !== null || message !== null) await deps.leases.recordProgress(tx, lease, progress, message);
      return expiresAt;
    });
