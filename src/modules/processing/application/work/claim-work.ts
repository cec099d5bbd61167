import type { ProductId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import type { ClaimedWork } from '../../domain/work/lease';
import type { ClaimRequest, SellerCredential, SellerCredentials, WorkQueue } from '../../domain/work/ports';
import { type PutBackDueDeps, putBackDue } from './put-back-due';
import { type SignedImage, type SigningDeps, signImages } from './signed-images';

export interface ClaimWorkDeps extends PutBackDueDeps, SigningDeps {
  readonly queue: Pick<WorkQueue, 'claim'> & PutBackDueDeps['queue'];
  readonly inTransaction: InTransaction;
  readonly credentials: SellerCredentials;
}

export interface Job extends Omit<ClaimedWork, 'images'> {
  readonly images: readonly SignedImage[];
  /** Of publishing alone; null where the seller has connected no account. */
  readonly credentials?: SellerCredential | null;
}

/**
 * Leases up to `max` products to the worker, the fairest first. None is an answer, too.
 * @throws AppError STORAGE_UNAVAILABLE where no URL can be signed: nothing is leased then
 */
export const claimWork =
  (deps: ClaimWorkDeps) =>
  async (worker: Worker, request: ClaimRequest): Promise<readonly Job[]> => {
    // What is queued can be given out all the same, and the sweep comes to what was left.
    await putBackDue(deps)(request.phase).catch((error: unknown) =>
      deps.log.warn({ err: error, phase: request.phase }, 'what is due could not be put back; the claim goes on'),
    );
    const { jobs, unreadable, openCredentials } = await deps.inTransaction((tx) =>
      claimWithin(deps, tx, worker, request),
    );
    for (const { productId, error } of unreadable) {
      const fields = { err: error, product_id: productId, phase: request.phase };
      deps.log.error(fields, 'a product cannot be given to a worker: a row of it does not say where an object is');
    }
    if (!openCredentials) return jobs;
    const credentials = openCredentials();
    logIssued(deps, worker, [...credentials.keys()]);
    return jobs.map((job) => ({ ...job, credentials: credentials.get(job.productId) ?? null }));
  };

/**
 * All that is asked of the database is asked, and all that is signed is signed, before the commit: what fails after it would leave
 * leases that nobody holds, and cost each product an attempt.
 */
async function claimWithin(deps: ClaimWorkDeps, tx: Transaction, worker: Worker, request: ClaimRequest) {
  const { work, unreadable } = await deps.queue.claim(tx, worker, request);
  const ids = work.map(({ productId }) => productId);
  const isPublishing = request.phase === 'publishing';
  const openCredentials = isPublishing ? await deps.credentials(tx, ids) : null;
  const jobs: Job[] = work.map((one) => jobOf(deps, one, isPublishing ? ['processed'] : []));
  return { jobs, unreadable, openCredentials };
}

function logIssued({ log }: Pick<ClaimWorkDeps, 'log'>, { userId }: Worker, productIds: readonly ProductId[]): void {
  if (productIds.length === 0) return;
  const fields = { audit: 'mercadolibre_account_issued', account_id: userId, product_ids: productIds };
  log.info(fields, 'what MercadoLibre accounts are reached with was given to a publishing worker');
}

function jobOf(deps: SigningDeps, work: ClaimedWork, more: readonly 'processed'[] = []): Job {
  return { ...work, images: signImages(deps, work.images, ['model', 'thumb', ...more], work.expiresAt) };
}
