import type { Worker } from '../../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import { actorOf, type Lease, type LeaseId, requireCurrent, type WorkAnswer } from '../../domain/work/lease';
import type { ChangeStatus, Leases, WorkMetrics, WorkQueue } from '../../domain/work/ports';
import { retryDelaySeconds } from '../../domain/work/retry-delay';
import { lockLease } from './require-lease';

export interface FailWorkDeps {
  readonly leases: Pick<Leases, 'lock' | 'end'>;
  readonly queue: Pick<WorkQueue, 'postpone'>;
  readonly changeStatus: ChangeStatus;
  readonly inTransaction: InTransaction;
  readonly metrics: Pick<WorkMetrics, 'leaseEnded'>;
  /** WORK_MAX_ATTEMPTS */
  readonly maxAttempts: number;
  /** WORK_RETRY_BASE_SECONDS */
  readonly retryBaseSeconds: number;
}

export interface WorkFailure {
  /** Shown to the seller when the product fails. */
  readonly error: string;
  /** Whether another attempt may do better. */
  readonly retryable: boolean;
}

/**
 * Ends the work without success. What may be tried again waits, longer after each attempt; else the product fails, with the
 * worker's reason. Asked again, it answers the same.
 * @throws AppError NOT_FOUND, LEASE_LOST
 */
export const failWork =
  (deps: FailWorkDeps) =>
  async (worker: Worker, id: LeaseId, failure: WorkFailure): Promise<WorkAnswer> => {
    const { answer, lease } = await deps.inTransaction(async (tx) => {
      const lease = await lockLease(deps.leases, tx, worker, id);
      if (lease.state === 'failed' && lease.answer) return { answer: lease.answer, lease: null };
      requireCurrent(lease);
      return { answer: await fail(deps, tx, lease, failure), lease };
    });
    if (lease) deps.metrics.leaseEnded(lease.phase, 'failed', 1);
    return answer;
  };

async function fail(deps: FailWorkDeps, tx: Transaction, lease: Lease, { error, retryable }: WorkFailure) {
  const { productId, phase, attempt } = lease;
  if (retryable && attempt < deps.maxAttempts) {
    const retryAt = await deps.queue.postpone(tx, productId, retryDelaySeconds(deps.retryBaseSeconds, attempt));
    const answer: WorkAnswer = { productId, status: phase, retryAt: retryAt.toISOString() };
    await deps.leases.end(tx, lease, 'failed', answer);
    return answer;
  }
  const answer: WorkAnswer = { productId, status: 'failed' };
  await deps.leases.end(tx, lease, 'failed', answer);
  await deps.changeStatus(tx, { productId, event: 'FAIL', actor: actorOf(lease), reason: error });
  return answer;
}
