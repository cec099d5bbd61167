import type { Log } from '../../../kernel/log';
import type { InTransaction } from '../../../kernel/transaction';
import type { AttemptJournal, IdempotencyClaim, IdempotencyKeys } from '../domain/upload-ports';
import type { WritingAttempt } from './writing-attempt';

export interface GiveUpDeps {
  readonly journal: AttemptJournal;
  readonly keys: IdempotencyKeys;
  readonly inTransaction: InTransaction;
  readonly log: Log;
}

export interface FailedUpload<Answer> {
  readonly attempt: WritingAttempt<unknown>;
  readonly claim: IdempotencyClaim | null;
  /** What the attempt has committed, if it has. */
  readonly committed: () => Promise<Answer | null>;
}

/**
 * The end of an upload that failed: its intent is claimed first, and only then are its objects deleted and its key freed.
 * When the intent is gone, the commit had happened although its answer never came, and that answer is given.
 * When the database cannot be asked, nothing is deleted: the intent expires, and the sweep does the rest.
 * @throws the reason
 */
export async function giveUp<Answer>(deps: GiveUpDeps, upload: FailedUpload<Answer>, reason: unknown): Promise<Answer> {
  const { attempt } = upload;
  await attempt.quiet();
  if (!attempt.begun) throw reason;
  const state = await claimIntent(deps, upload).catch((error) => {
    deps.log.warn({ err: error, intent_id: attempt.id }, 'an abandoned upload is left to the sweep');
    throw reason;
  });
  if (state === 'gone') {
    const answer = await upload.committed();
    if (answer !== null) return answer;
    throw reason;
  }
  await deps.journal.drain(attempt.id).catch((error) => {
    deps.log.warn({ err: error, intent_id: attempt.id }, 'the objects of a refused upload are left to the sweep');
  });
  throw reason;
}

function claimIntent(deps: GiveUpDeps, { attempt, claim }: FailedUpload<unknown>): Promise<'draining' | 'gone'> {
  return deps.inTransaction(async (tx) => {
    if (claim) await deps.keys.lock(tx, claim);
    const state = await deps.journal.abandon(tx, attempt.id);
    if (claim && state === 'draining') await deps.keys.release(tx, claim, attempt.id);
    return state;
  });
}
