import { and, eq, sql } from 'drizzle-orm';
import type { AttemptId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { intents } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import { type IntentJournal, IntentLost, type NewIntent } from '../domain/intent-journal';

/** @param defaultTtlSeconds INTENT_TTL_SECONDS; all times are the database's, so that instances need not agree on theirs */
export function postgresIntentJournal(orm: Orm, defaultTtlSeconds: number): IntentJournal {
  const expiry = (ttlSeconds: number) => sql`now() + make_interval(secs => ${ttlSeconds})`;
  const isOpen = (id: AttemptId) => and(eq(intents.id, id), eq(intents.state, 'open'));
  return {
    async open({ ttlSeconds = defaultTtlSeconds, ...intent }: NewIntent, tx?: Transaction) {
      await (tx ? ormOf(tx) : orm).insert(intents).values({ ...intent, expiresAt: expiry(ttlSeconds) });
    },

    async renew(id) {
      const { rowCount } = await orm
        .update(intents)
        .set({ expiresAt: expiry(defaultTtlSeconds) })
        .where(isOpen(id));
      return rowCount === 1;
    },

    async settle(tx, id) {
      const { rowCount } = await ormOf(tx).delete(intents).where(isOpen(id));
      if (rowCount !== 1) throw new IntentLost();
    },

    async abandon(tx, id) {
      await ormOf(tx).update(intents).set({ state: 'draining' }).where(isOpen(id));
      const [row] = await ormOf(tx).select({ state: intents.state }).from(intents).where(eq(intents.id, id));
      return row ? 'draining' : 'gone';
    },
  };
}
