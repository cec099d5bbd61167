import { and, eq, sql } from 'drizzle-orm';
import type { AttemptId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { type Prepared, runPrepared } from '../../../platform/database/prepared';
import { intents } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import { type IntentJournal, IntentLost, type NewIntent } from '../domain/intent-journal';

const OPEN: Prepared = {
  name: 'open_intent',
  text: `insert into intents (id, kind, product_id, prefix, expires_at, put_expires_at)
    values ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)`,
};
const SETTLE: Prepared = { name: 'settle_intent', text: `delete from intents where id = $1 and state = 'open'` };

/** @param defaultTtlSeconds INTENT_TTL_SECONDS; all times are the database's, so that instances need not agree on theirs */
export function postgresIntentJournal(orm: Orm, defaultTtlSeconds: number): IntentJournal {
  const expiry = sql`now() + make_interval(secs => ${defaultTtlSeconds})`;
  const isOpen = (id: AttemptId) => and(eq(intents.id, id), eq(intents.state, 'open'));
  return {
    async open({ ttlSeconds = defaultTtlSeconds, ...intent }: NewIntent, tx?: Transaction) {
      const { id, kind, productId, prefix, putExpiresAt = null } = intent;
      await runPrepared(tx ? ormOf(tx) : orm, OPEN, [id, kind, productId, prefix, ttlSeconds, putExpiresAt]);
    },

    async renew(id) {
      const { rowCount } = await orm.update(intents).set({ expiresAt: expiry }).where(isOpen(id));
      return rowCount === 1;
    },

    async settle(tx, id) {
      const { rowCount } = await runPrepared(ormOf(tx), SETTLE, [id]);
      if (rowCount !== 1) throw new IntentLost();
    },

    async abandon(tx, id) {
      await ormOf(tx).update(intents).set({ state: 'draining' }).where(isOpen(id));
      const [row] = await ormOf(tx).select({ state: intents.state }).from(intents).where(eq(intents.id, id));
      return row ? 'draining' : 'gone';
    },
  };
}
