import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { InTransaction } from '../../../kernel/transaction';
import { type LifecycleEvent, nextStatus, type Status } from '../domain/lifecycle';
import type { StatusReason, StatusStore } from '../domain/ports';

export interface StatusChangeRequest extends StatusReason {
  readonly productId: ProductId;
  readonly event: LifecycleEvent;
}

/**
 * Leads a product of whichever seller along one edge of its lifecycle. For operators and the system, not for sellers' requests.
 * @returns the status it has now
 * @throws AppError PRODUCT_NOT_FOUND; INVALID_TRANSITION where the machine refuses the event, or when somebody else changed the
 *   status first
 */
export const changeStatus =
  (deps: { readonly inTransaction: InTransaction; readonly statuses: StatusStore }) =>
  ({ productId, event, ...why }: StatusChangeRequest): Promise<Status> =>
    deps.inTransaction(async (tx) => {
      const phase = await deps.statuses.phase(tx, productId);
      if (!phase) throw new AppError('PRODUCT_NOT_FOUND');
      const next = nextStatus(phase, event);
      if (!next || !(await deps.statuses.advance(tx, productId, phase, next, why))) {
        throw new AppError('INVALID_TRANSITION', `A product that is ${phase.status} does not take ${event}.`, {
          details: { status: phase.status, event },
        });
      }
      return next;
    });
