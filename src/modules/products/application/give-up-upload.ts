import type { Log } from '../../../kernel/log';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import type { CreatedProduct } from '../domain/created-product';
import type {
  AttemptJournal,
  EstimateProcessingTime,
  IdempotencyClaim,
  IdempotencyKeys,
  UploadedProducts,
} from '../domain/upload-ports';
import type { UploadAttempt } from './upload-attempt';

export interface GiveUpDeps {
  readonly journal: AttemptJournal;
  readonly keys: IdempotencyKeys;
  readonly products: UploadedProducts;
  readonly inTransaction: InTransaction;
  readonly estimate: EstimateProcessingTime;
  readonly log: Log;
}

/**
 * The end of an upload that failed: its intent is claimed first, and only then are its objects deleted and its key freed.
 * When the intent is gone, the commit had happened although its answer never came, and the answer is the product.
 * When the database cannot be asked, nothing is deleted: the intent expires, and the sweep does the rest.
 * @throws the reason
 */
export async function giveUp(
  deps: GiveUpDeps,
  upload: { seller: Seller; attempt: UploadAttempt; claim: IdempotencyClaim | null },
  reason: unknown,
): Promise<CreatedProduct> {
  const { attempt, claim, seller } = upload;
  await attempt.quiet();
  if (!attempt.begun) throw reason;
  const committed = await claimIntent(deps, attempt, claim).catch((error) => {
    deps.log.warn({ err: error, intent_id: attempt.id }, 'an abandoned upload is left to the sweep');
    throw reason;
  });
  if (committed === 'draining') {
    await deps.journal.drain(attempt.id).catch((error) => {
      deps.log.warn({ err: error, intent_id: attempt.id }, 'the objects of a refused upload are left to the sweep');
    });
    throw reason;
  }
  const product = await deps.products.committed(seller, attempt.productId, attempt.id);
  if (!product) throw reason;
  return { ...product, estimated_processing_time_seconds: await deps.estimate() };
}

function claimIntent(deps: GiveUpDeps, attempt: UploadAttempt, claim: IdempotencyClaim | null) {
  return deps.inTransaction(async (tx) => {
    if (claim) await deps.keys.lock(tx, claim);
    const state = await deps.journal.abandon(tx, attempt.id);
    if (claim && state === 'draining') await deps.keys.release(tx, claim, attempt.id);
    return state;
  });
}
