import { AppError } from '../../../../kernel/app-error';
import type { Worker } from '../../../../kernel/principal';
import type { Transaction } from '../../../../kernel/transaction';
import type { Lease, LeaseId } from '../../domain/work/lease';
import type { Leases } from '../../domain/work/ports';

/** @throws AppError NOT_FOUND for an unknown lease, for another account's, and for one whose product is deleted, alike */
export async function findLease(leases: Pick<Leases, 'find'>, worker: Worker, id: LeaseId): Promise<Lease> {
  return (await leases.find(worker, id)) ?? notFound();
}

/**
 * Locks it until the transaction ends.
 * @throws AppError NOT_FOUND for an unknown lease, for another account's, and for one whose product is deleted, alike
 */
export async function lockLease(
  leases: Pick<Leases, 'lock'>,
  tx: Transaction,
  worker: Worker,
  id: LeaseId,
): Promise<Lease> {
  return (await leases.lock(tx, worker, id)) ?? notFound();
}

function notFound(): never {
  throw new AppError('NOT_FOUND', 'No such lease of yours.');
}
