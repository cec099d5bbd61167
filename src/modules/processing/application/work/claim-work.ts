import type { ProductId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
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

/** Leases up to `max` products to the worker, the fairest first. None is an answer, too. */
export const claimWork =
  (deps: ClaimWorkDeps) =>
  async (worker: Worker, request: ClaimRequest): Promise<readonly Job[]> => {
    // What is queued can be given out all the same, and the sweep comes to what was left.
    await putBackDue(deps)(request.phase).catch((error: unknown) =>
      deps.log.warn({ err: error, phase: request.phase }, 'what is due could not be put back; the claim goes on'),
    );
    const claimed = await deps.inTransaction((tx) => deps.queue.claim(tx, worker, request));
    if (request.phase === 'processing') return claimed.map((work) => jobOf(deps, work));
    const credentials = await deps.credentials(claimed.map(({ productId }) => productId));
    logIssued(deps, worker, [...credentials.keys()]);
    return claimed.map((work) => ({
      ...jobOf(deps, work, ['processed']),
      credentials: credentials.get(work.productId) ?? null,
    }));
  };

function logIssued({ log }: Pick<ClaimWorkDeps, 'log'>, { userId }: Worker, productIds: readonly ProductId[]): void {
  if (productIds.length === 0) return;
  const fields = { audit: 'mercadolibre_account_issued', account_id: userId, product_ids: productIds };
  log.info(fields, 'what MercadoLibre accounts are reached with was given to a publishing worker');
}

function jobOf(deps: SigningDeps, work: ClaimedWork, more: readonly 'processed'[] = []): Job {
  return { ...work, images: signImages(deps, work.images, ['model', 'thumb', ...more], work.expiresAt) };
}
