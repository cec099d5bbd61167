import type { ProductId } from '../../../../kernel/ids';
import type { Log } from '../../../../kernel/log';
import type { InTransaction } from '../../../../kernel/transaction';
import { WORK_PHASES, type WorkPhase } from '../../domain/work/lease';
import type { ChangeStatus, SpentItem, WorkMetrics, WorkQueue } from '../../domain/work/ports';

export interface PutBackDueDeps {
  readonly queue: Pick<WorkQueue, 'hasDue' | 'putBack' | 'lockSpent'>;
  readonly changeStatus: ChangeStatus;
  readonly inTransaction: InTransaction;
  readonly metrics: Pick<WorkMetrics, 'leaseEnded'>;
  readonly log: Log;
  /** Whether the database did not answer at all. */
  readonly isUnavailable: (error: unknown) => boolean;
  /** WORK_MAX_ATTEMPTS */
  readonly maxAttempts: number;
}

/** Products that one claim tries to fail before it answers: each takes a transaction of its own. */
const FAILED_BY_A_CLAIM = 10;

/**
 * Puts what is due back into the queue: items whose lease expired, and those that have waited long enough. What has used up its
 * attempts fails. Every claim does so first, for some of them; the sweep does, too, where nobody claims.
 * @param most so many are tried; the others are left to whoever comes next
 * @returns how many items it has dealt with
 */
export const putBackDue =
  (deps: PutBackDueDeps, most = FAILED_BY_A_CLAIM) =>
  async (phase: WorkPhase) => {
    if (!(await deps.queue.hasDue(phase))) return 0;
    const { again, lost, spent } = await deps.inTransaction((tx) => deps.queue.putBack(tx, phase, deps.maxAttempts));
    if (lost > 0) deps.metrics.leaseEnded(phase, 'lost', lost);
    let failed = 0;
    for (const id of spent.slice(0, most)) {
      if (!(await failSpent(deps, id))) continue;
      failed += 1;
      deps.metrics.leaseEnded(phase, 'lost', 1);
      deps.log.warn({ product_id: id, phase }, 'no worker finished a product: its attempts are used up');
    }
    return again + failed;
  };

/**
 * One transaction for each: products of several sellers in one would wait for each other's ledgers. One that cannot be failed keeps no
 * other from it.
 * @returns whether it has failed the product
 */
async function failSpent(deps: PutBackDueDeps, id: ProductId): Promise<boolean> {
  try {
    return await deps.inTransaction(async (tx) => {
      const item = await deps.queue.lockSpent(tx, id, deps.maxAttempts);
      if (!item) return false;
      await deps.changeStatus(tx, { productId: id, event: 'FAIL', actor: 'system', reason: reasonOf(item) });
      return true;
    });
  } catch (error) {
    if (deps.isUnavailable(error)) throw error; // the next would find it no better
    deps.log.error({ err: error, product_id: id }, 'a product whose attempts are used up could not be failed');
    return false;
  }
}

/** For the sweep: all that is due, in all phases. What others have in hand is left to them. @returns how many items that were */
export const putBackAllDue = (deps: PutBackDueDeps) => async (): Promise<number> => {
  const putBack = putBackDue(deps, Number.POSITIVE_INFINITY);
  let total = 0;
  for (const phase of WORK_PHASES) {
    for (let some = await putBack(phase); some > 0; some = await putBack(phase)) total += some;
  }
  return total;
};

function reasonOf({ expiries }: SpentItem): string {
  return `No worker finished it: the lease expired ${expiries === 1 ? 'once' : `${expiries} times`}.`;
}
