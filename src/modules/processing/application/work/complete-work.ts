import { AppError } from '../../../../kernel/app-error';
import type { AttemptId, ImageId } from '../../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import type { Worker } from '../../../../kernel/principal';
import type { Transaction } from '../../../../kernel/transaction';
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
import { type IntentDeps, underIntent } from '../under-intent';
import { findLease, lockLease } from './require-lease';

export interface CompleteWorkDeps extends IntentDeps {
  readonly leases: Pick<Leases, 'find' | 'lock' | 'end'>;
  readonly results: Pick<WorkResults, 'announced' | 'store' | 'settle'>;
  readonly objects: Pick<ResultObjects, 'copy'>;
  readonly verifyResults: VerifyResults;
  readonly changeStatus: ChangeStatus;
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

/** What was verified, and where this completion has copied it to. */
interface KeptResult extends AwaitedResult {
  readonly keptAt: ObjectKey;
}

interface KeptResults {
  /** The intent under which the copies lie. */
  readonly attempt: AttemptId;
  readonly kept: readonly KeptResult[];
}

/** No row names what this completion has copied: rolled back, its copies go. */
class NotNamed extends Error {
  override readonly name = 'NotNamed';
  /** @param answer that of the completion that came first; null where the results were announced anew */
  constructor(readonly answer: WorkAnswer | null) {
    super('the copies of this completion are named by no row');
  }
}

/** How often a result may be announced anew while the one before is verified. */
const ROUNDS = 3;

/**
 * Ends the work with success: the results are verified and copied, by each call under a prefix of its own, to where no PUT reaches them
 * and no other completion writes; then one transaction names them,
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
      const answer = await attempt(deps, worker, lease, completion, results);
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

/** @returns the answer, also where another completion has come first; null where the results are not what was verified any more */
async function attempt(
  deps: CompleteWorkDeps,
  worker: Worker,
  lease: Lease,
  completion: Completion,
  results: readonly AwaitedResult[],
): Promise<WorkAnswer | null> {
  const { productId } = lease;
  try {
    await deps.verifyResults(results.map((result) => ({ ...result, id: result.imageId })));
    if (results.length === 0) return await commit(deps, worker, lease, completion, null);
    return await underIntent(deps, { kind: 'rekey', productId }, async ({ id, prefix }) => {
      const kept = await Promise.all(results.map((result) => copy(deps, prefix, result)));
      return await commit(deps, worker, lease, completion, { attempt: id, kept });
    });
  } catch (error) {
    if (error instanceof NotNamed) return error.answer;
    // what was verified or copied may be gone already where another completion has come first
    const earlier = answered(await findLease(deps.leases, worker, lease.id));
    if (earlier) return earlier;
    throw error;
  }
}

async function copy(
  { objects }: Pick<CompleteWorkDeps, 'objects'>,
  prefix: KeyPrefix,
  result: AwaitedResult,
): Promise<KeptResult> {
  const keptAt = keptKey(prefix, result);
  if (await objects.copy(result.key, keptAt, result)) return { ...result, keptAt };
  throw new AppError('UPLOAD_INCOMPLETE', 'An image is gone.', {
    details: { images: [{ image_id: result.imageId, problem: 'MISSING', message: 'Its bytes are gone.' }] },
  });
}

/** @param copied null where the work has no results. @throws NotNamed */
async function commit(
  deps: CompleteWorkDeps,
  worker: Worker,
  { id }: Lease,
  completion: Completion,
  copied: KeptResults | null,
): Promise<WorkAnswer> {
  const { answer, lease } = await deps.inTransaction(async (tx) => {
    const lease = await lockLease(deps.leases, tx, worker, id);
    const earlier = answered(lease);
    if (earlier) throw new NotNamed(earlier);
    const named = await namedResults(deps, lease, completion, tx);
    const keys = new Set(copied?.kept.map(({ key }) => key));
    if (named.length !== keys.size || !named.every(({ key }) => keys.has(key))) throw new NotNamed(null);
    return { answer: await complete(deps, tx, lease, completion, copied), lease };
  });
  deps.metrics.leaseEnded(lease.phase, 'completed', 1);
  deps.metrics.workTook(lease.phase, Math.max(0, (Date.now() - lease.createdAt.getTime()) / 1000));
  return answer;
}

/** The status last: it takes the lock of the seller's ledger. */
async function complete(
  deps: CompleteWorkDeps,
  tx: Transaction,
  lease: Lease,
  { images, result }: Completion,
  copied: KeptResults | null,
): Promise<WorkAnswer> {
  const stored = images.map((image): StoredResult => {
    const found = copied?.kept.find(({ imageId }) => imageId === image.imageId);
    return { ...image, kept: found ? { ...found, key: found.keptAt } : null };
  });
  await deps.results.store(tx, lease, stored);
  await deps.results.settle(tx, lease);
  if (copied) await deps.journal.settle(tx, copied.attempt);
  const [event, status] =
    lease.phase === 'processing' ? (['COMPLETE', 'ready'] as const) : (['PUBLISHED', 'published'] as const);
  const answer: WorkAnswer = { productId: lease.productId, status, ...(result ? { result } : {}) };
  // before the status changes: that ends every lease which is live
  await deps.leases.end(tx, lease, 'completed', answer);
  await deps.changeStatus(tx, { productId: lease.productId, event, actor: actorOf(lease), reason: null });
  return answer;
}
