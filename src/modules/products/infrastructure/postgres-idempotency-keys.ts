import { and, eq, isNull, lte, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { AttemptId } from '../../../kernel/ids';
import type { Sha256 } from '../../../kernel/sha256';
import type { InTransaction, Transaction } from '../../../kernel/transaction';
import { CommitOutcomeUnknown } from '../../../platform/database/faults';
import { ofLivingAccount } from '../../../platform/database/of-living-account';
import { idempotencyKeys, intents } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import { ClaimUnknown } from '../domain/claim-unknown';
import type {
  AttemptIntent,
  AttemptJournal,
  ClaimedKey,
  IdempotencyClaim,
  IdempotencyKeys,
} from '../domain/upload-ports';

type Row = typeof idempotencyKeys.$inferSelect;

const isOf = ({ seller, procedure }: Omit<IdempotencyClaim, 'key'>) =>
  and(eq(idempotencyKeys.userId, seller.userId), eq(idempotencyKeys.procedure, procedure));
const isKey = ({ key, ...holder }: IdempotencyClaim) => and(isOf(holder), eq(idempotencyKeys.key, key));

/** @param ttlSeconds IDEMPOTENCY_TTL_SECONDS, from the claim on */
export function postgresIdempotencyKeys(deps: {
  inTransaction: InTransaction;
  journal: Pick<AttemptJournal, 'open'>;
  ttlSeconds: number;
}): IdempotencyKeys {
  const expiresAt = sql`now() + make_interval(secs => ${deps.ttlSeconds})`;

  async function insert(tx: Transaction, claim: IdempotencyClaim, intent: AttemptIntent): Promise<boolean> {
    const { seller, procedure, key } = claim;
    const { rowCount } = await ofLivingAccount(() =>
      ormOf(tx)
        .insert(idempotencyKeys)
        .values({ userId: seller.userId, procedure, key, intentId: intent.id, expiresAt })
        .onConflictDoNothing(),
    );
    return rowCount === 1;
  }

  async function takeOver(tx: Transaction, claim: IdempotencyClaim, intent: AttemptIntent): Promise<void> {
    await ormOf(tx)
      .update(idempotencyKeys)
      .set({ intentId: intent.id, fingerprint: null, answer: null, expiresAt })
      .where(isKey(claim));
  }

  async function claimIn<Answer>(
    tx: Transaction,
    claim: IdempotencyClaim,
    intent: AttemptIntent,
  ): Promise<ClaimedKey<Answer>> {
    while (!(await insert(tx, claim, intent))) {
      const row = await lockedRow(tx, claim);
      if (row === null) continue; // its holder let go of it while we waited for the row
      if (row.answer && !row.isOver) return done<Answer>(row);
      if (!row.answer) await endDeadHolder(tx, row.intentId as AttemptId);
      await takeOver(tx, claim, intent);
      break;
    }
    await deps.journal.open(intent, tx);
    return { kind: 'held' };
  }

  return {
    claim: <Answer>(claim: IdempotencyClaim, intent: AttemptIntent, tx?: Transaction) =>
      tx
        ? claimIn<Answer>(tx, claim, intent)
        : deps
            .inTransaction((itsOwn) => claimIn<Answer>(itsOwn, claim, intent))
            .catch((error) => {
              throw error instanceof CommitOutcomeUnknown ? new ClaimUnknown(error) : error;
            }),

    async lock(tx, claim) {
      await ormOf(tx).select({ key: idempotencyKeys.key }).from(idempotencyKeys).where(isKey(claim)).for('update');
    },

    async finish(tx, claim, attempt, { fingerprint, answer }) {
      const { rowCount } = await ormOf(tx)
        .update(idempotencyKeys)
        .set({ fingerprint, answer })
        .where(and(isKey(claim), eq(idempotencyKeys.intentId, attempt)));
      // The intent was settled in this transaction, so nobody can have taken the key over: its row was removed by hand.
      if (rowCount !== 1) throw new AppError('CONFLICT', 'The Idempotency-Key was removed while it was in use.');
    },

    async restate(tx, holder, attempt, fingerprint) {
      await ormOf(tx)
        .update(idempotencyKeys)
        .set({ fingerprint })
        .where(and(isOf(holder), eq(idempotencyKeys.intentId, attempt)));
    },

    async release(tx, claim, attempt) {
      await ormOf(tx)
        .delete(idempotencyKeys)
        .where(and(isKey(claim), eq(idempotencyKeys.intentId, attempt), isNull(idempotencyKeys.answer)));
    },
  };
}

async function lockedRow(tx: Transaction, claim: IdempotencyClaim): Promise<(Row & { isOver: boolean }) | null> {
  const [found] = await ormOf(tx)
    .select({ row: idempotencyKeys, isOver: sql<boolean>`${idempotencyKeys.expiresAt} <= now()` })
    .from(idempotencyKeys)
    .where(isKey(claim))
    .for('update');
  return found ? { ...found.row, isOver: found.isOver } : null;
}

function done<Answer>(row: Row): ClaimedKey<Answer> {
  return { kind: 'done', fingerprint: row.fingerprint as Sha256, answer: row.answer as Answer };
}

/**
 * A holder lives while its intent is open and not expired. A dead one's intent is claimed for draining before the key is
 * taken over, so that a holder which was only slow finds its commit refused.
 */
async function endDeadHolder(tx: Transaction, holder: AttemptId): Promise<void> {
  const orm = ormOf(tx);
  await orm
    .update(intents)
    .set({ state: 'draining' })
    .where(and(eq(intents.id, holder), eq(intents.state, 'open'), lte(intents.expiresAt, sql`now()`)));
  const [open] = await orm
    .select({ id: intents.id })
    .from(intents)
    .where(and(eq(intents.id, holder), eq(intents.state, 'open')))
    .for('update');
  if (open) throw new AppError('IDEMPOTENCY_IN_PROGRESS');
}
