import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { InTransaction, Transaction } from '../../../kernel/transaction';
import { type LifecycleEvent, nextStatus, type Status } from '../domain/lifecycle';
import { mayTake } from '../domain/lifecycle-edges';
import type { StatusReason, StatusStore } from '../domain/ports';

export interface StatusChangeRequest extends StatusReason {
  readonly productId: ProductId;
  readonly event: LifecycleEvent;
}

/**
 * Leads a product of whichever seller along one edge of its lifecycle. For operators and the system, not for sellers' requests.
 * @returns the status it has now
 * @throws AppError PRODUCT_NOT_FOUND; INVALID_TRANSITION where the machine refuses the event, or when somebody else changed the
 *   status first; FORBIDDEN for an edge that is not for this kind of actor
 */
export const changeStatus = (deps: { readonly inTransaction: InTransaction; readonly statuses: StatusStore }) => {
  const within = changeStatusWithin(deps.statuses);
  return (request: StatusChangeRequest): Promise<Status> => deps.inTransaction((tx) => within(tx, request));
};

/** The same inside a transaction of the caller's. To be its last step: it takes the lock of the seller's ledger. */
export const changeStatusWithin =
  (statuses: StatusStore) =>
  async (tx: Transaction, { productId, event, ...why }: StatusChangeRequest): Promise<Status> => {
    const phase = await statuses.phase(tx, productId);
    if (!phase) throw new AppError('PRODUCT_NOT_FOUND');
    const next = nextStatus(phase, event);
    if (next && !mayTake(why.actor, phase.status, event)) throw new AppError('FORBIDDEN');
    if (!next || !(await statuses.advance(tx, productId, phase, next, why))) {
      throw new AppError('INVALID_TRANSITION', `A product that is ${phase.status} does not take ${event}.`, {
        details: { status: phase.status, event },
      });
    }
    return next;
  };
