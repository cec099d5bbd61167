import { AppError } from '../../../../kernel/app-error';
import type { ImageId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import { actorOf, type Lease, type LeaseId, requireCurrent, type WorkAnswer } from '../../domain/work/lease';
import type {
  ChangeStatus,
  Leases,
  ResultObjects,
  StoredResult,
  VerifyResults,
  WorkMetrics,
  WorkResults,
} from '../../domain/work/ports';
import { type AwaitedResult, keptKey } from '../../domain/work/results';
import { findLease, lockLease } from './require-lease';

export interface CompleteWorkDeps {
  readonly leases: Pick<Leases, 'find' | 'lock' | 'end'>;
  readonly results: Pick<WorkResults, 'announced' | 'store' | 'settle'>;
  readonly objects: Pick<ResultObjects, 'copy'>;
  readonly verifyResults: VerifyResults;
  readonly changeStatus: ChangeStatus;
  readonly inTransaction: InTransaction;
  readonly metrics: Pick<WorkMetrics, 'leaseEnded' | 'workTook'>;
}

export interface Completion {
  /** Each image once. A result that was announced and is not named here is thrown away. */
  readonly images: readonly {
    readonly imageId: ImageId;
    readonly processingMetadata: Readonly<Record<string, unknown>> | null;
  }[];
  readonly result: Readonly<Record<string, unknown>> | null;
}

/** How often a result may be announced anew while the one before is verified. */
const ROUNDS = 3;

/**
 * Ends the work with success: the results are verified and copied to where no PUT reaches them; then one transaction names them,
 * ends the lease and leads the product on. Asked again, or twice at once, it answers the same.
 * @throws AppError NOT_FOUND, LEASE_LOST, IMAGE_NOT_FOUND; UPLOAD_INCOMPLETE, naming the images; CONFLICT where they keep being
 *   announced anew
 */
export const completeWork =
  (deps: CompleteWorkDeps) =>
  async (worker: Worker, id: LeaseId, completion: Completion): Promise<WorkAnswer> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const lease = await findLease(deps.leases, worker, id);
      const earlier = answered(lease);
      if (earlier) return earlier;
      const results = await namedResults(deps, lease, completion);
      const answer =
        (await keep(deps, worker, lease, results)) ?? (await commit(deps, worker, lease, completion, results));
      if (answer) return answer;
    }
    throw new AppError('CONFLICT', 'Results were announced anew while they were verified.');
  };

/** What it answered already; null while it is live. @throws AppError LEASE_LOST */
function answered(lease: Lease): WorkAnswer | null {
  if (lease.state === 'completed') return lease.answer;
  requireCurrent(lease);
  return null;
}

async function namedResults(
  { results }: Pick<CompleteWorkDeps, 'results'>,
  lease: Lease,
  { images }: Completion,
  tx?: Transaction,
): Promise<readonly AwaitedResult[]> {
  const named = new Set(images.map(({ imageId }) => imageId));
  return (await results.announced(lease, tx)).filter(({ imageId }) => named.has(imageId));
}

/** @returns the answer, where another completion has come first: then these bytes may be gone already */
async function keep(
  deps: CompleteWorkDeps,
  worker: Worker,
  lease: Lease,
  results: readonly AwaitedResult[],
): Promise<WorkAnswer | null> {
  try {
    await deps.verifyResults(results.map((result) => ({ ...result, id: result.imageId })));
    await Promise.all(results.map((result) => copy(deps, lease, result)));
    return null;
  } catch (error) {
    const earlier = answered(await findLease(deps.leases, worker, lease.id));
    if (earlier) return earlier;
    throw error;
  }
}

async function copy(
  { objects }: Pick<CompleteWorkDeps, 'objects'>,
  lease: Lease,
  result: AwaitedResult,
): Promise<void> {
  if (await objects.copy(result.key, keptKey(lease.productId, lease.id, result))) return;
  throw new AppError('UPLOAD_INCOMPLETE', 'An image is gone.', {
    details: { images: [{ image_id: result.imageId, problem: 'MISSING', message: 'Its bytes are gone.' }] },
  });
}

/** Null where it is not what was verified any more. */
async function commit(
  deps: CompleteWorkDeps,
  worker: Worker,
  { id }: Lease,
  completion: Completion,
  verified: readonly AwaitedResult[],
): Promise<WorkAnswer | null> {
  const done = await deps.inTransaction(async (tx) => {
    const lease = await lockLease(deps.leases, tx, worker, id);
    const earlier = answered(lease);
    if (earlier) return { answer: earlier };
    const named = await namedResults(deps, lease, completion, tx);
    const keys = new Set(verified.map(({ key }) => key));
    if (named.length !== keys.size || !named.every(({ key }) => keys.has(key))) return null;
    const answer = await complete(deps, tx, lease, completion, named);
    return { answer, lease };
  });
  if (done?.lease) {
    deps.metrics.leaseEnded(done.lease.phase, 'completed', 1);
    deps.metrics.workTook(done.lease.phase, Math.max(0, (Date.now() - done.lease.createdAt.getTime()) / 1000));
  }
  return done?.answer ?? null;
}

/** The status last: it takes the lock of the seller's ledger. */
async function complete(
  deps: CompleteWorkDeps,
  tx: Transaction,
  lease: Lease,
  { images, result }: Completion,
  results: readonly AwaitedResult[],
): Promise<WorkAnswer> {
  const stored = images.map((image): StoredResult => {
    const found = results.find(({ imageId }) => imageId === image.imageId);
    return { ...image, kept: found ? { ...found, key: keptKey(lease.productId, lease.id, found) } : null };
  });
  await deps.results.store(tx, lease, stored);
  const named = stored.flatMap(({ kept }) => (kept ? [kept.key] : []));
  await deps.results.settle(tx, lease, named);
  const [event, status] =
    lease.phase === 'processing' ? (['COMPLETE', 'ready'] as const) : (['PUBLISHED', 'published'] as const);
  const answer: WorkAnswer = { productId: lease.productId, status, ...(result ? { result } : {}) };
  // before the status changes: that ends every lease which is live
  await deps.leases.end(tx, lease, 'completed', answer);
  await deps.changeStatus(tx, { productId: lease.productId, event, actor: actorOf(lease), reason: null });
  return answer;
}
