import type { AttemptId, ProductId } from '../../../kernel/ids';
import { newId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { attemptPrefix, type KeyPrefix } from '../../../kernel/object-key';
import type { InTransaction } from '../../../kernel/transaction';
import type { AttemptJournal } from '../domain/attempt-journal';

export interface IntentDeps {
  readonly journal: AttemptJournal;
  readonly inTransaction: InTransaction;
  /** Well below INTENT_TTL_SECONDS. */
  readonly renewEveryMs: number;
  readonly log: Log;
}

export interface OpenAttempt {
  readonly id: AttemptId;
  readonly prefix: KeyPrefix;
  /** Aborted when the intent is lost: nothing more may be written. */
  readonly signal: AbortSignal;
}

/**
 * Writes objects under an intent of its own, renewed meanwhile. The work settles it in its commit; when the work throws, the intent
 * is claimed and what was written is deleted. Whatever dies in between leaves an intent that expires, and the sweep does the rest.
 */
export async function underIntent<Result>(
  deps: IntentDeps,
  { kind, productId }: { readonly kind: 'prepare' | 'rekey'; readonly productId: ProductId },
  work: (attempt: OpenAttempt) => Promise<Result>,
): Promise<Result> {
  const id = newId<AttemptId>();
  const prefix = attemptPrefix(productId, id);
  const lost = new AbortController();
  await deps.journal.open({ id, kind, productId, prefix });
  const renewal = setInterval(() => renew(deps, id, lost), deps.renewEveryMs);
  try {
    return await work({ id, prefix, signal: lost.signal });
  } catch (error) {
    await abandon(deps, id);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

function renew({ journal, log }: IntentDeps, id: AttemptId, lost: AbortController): void {
  journal.renew(id).then(
    (alive) => alive || lost.abort(new Error('the intent of this attempt is lost')),
    // The next renewal may succeed; if none does, the intent expires and the commit refuses itself.
    (error) => log.warn({ err: error, intent_id: id }, 'an intent could not be renewed'),
  );
}

/** Nothing is deleted where the commit had happened although its answer never came: the intent is gone then. */
async function abandon({ journal, inTransaction, log }: IntentDeps, id: AttemptId): Promise<void> {
  try {
    const state = await inTransaction((tx) => journal.abandon(tx, id));
    if (state === 'draining') await journal.drain(id);
  } catch (error) {
    log.warn({ err: error, intent_id: id }, 'what an attempt has left is left to the sweep');
  }
}
