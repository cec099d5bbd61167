import { and, eq, gt, lte, sql } from 'drizzle-orm';
import type { Orm } from '../../../platform/database/database';
import { backupPins } from '../../../platform/database/schema';
import type { Pins } from '../domain/pins';

export function postgresPins(orm: Orm): Pins {
  const expiry = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`;
  return {
    async take(backupId, ttlSeconds) {
      await orm.insert(backupPins).values({ backupId, expiresAt: expiry(ttlSeconds) });
    },

    async renew(backupId, ttlSeconds) {
      const { rowCount } = await orm
        .update(backupPins)
        .set({ expiresAt: expiry(ttlSeconds) })
        .where(and(eq(backupPins.backupId, backupId), gt(backupPins.expiresAt, sql`now()`)));
      return rowCount === 1;
    },

    async free(backupId) {
      await orm.delete(backupPins).where(eq(backupPins.backupId, backupId));
    },

    // Two statements: the first waits for a renewal under way, and the second sees how that ended.
    async living() {
      await orm.delete(backupPins).where(lte(backupPins.expiresAt, sql`now()`));
      const rows = await orm.select({ id: backupPins.backupId }).from(backupPins);
      return rows.map(({ id }) => id);
    },
  };
}
