import { and, eq, gt, lt, sql } from 'drizzle-orm';
import type { UserId } from '../../../kernel/ids';
import type { Role } from '../../../kernel/principal';
import { sha256OfBytes } from '../../../kernel/sha256';
import type { Orm } from '../../../platform/database/database';
import { ofLivingAccount } from '../../../platform/database/of-living-account';
import { realtimeTickets } from '../../../platform/database/schema';
import type { Identities, Tickets } from '../domain/ports';

const { tokenHash, expiresAt: expires } = realtimeTickets;

/** Times are the database's: a ticket may be spent on another instance than it was issued by. */
export function postgresTickets(orm: Orm, { restored }: Pick<Identities, 'restored'>): Tickets {
  return {
    async issue({ seller, expiresAt: tokenExpiresAt }, ttlSeconds) {
      const ticket = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
      await orm.delete(realtimeTickets).where(and(eq(realtimeTickets.userId, seller.userId), lt(expires, sql`now()`)));
      const insert = orm
        .insert(realtimeTickets)
        .values({
          tokenHash: sha256OfBytes(ticket),
          userId: seller.userId,
          sessionId: seller.sessionId ?? null,
          role: seller.role,
          expiresAt: sql`least(now() + make_interval(secs => ${ttlSeconds}), ${tokenExpiresAt.toISOString()}::timestamptz)`,
          tokenExpiresAt,
        })
        .returning({ expiresAt: expires });
      const [row] = await ofLivingAccount(() => insert.execute());
      if (!row) throw new Error('a ticket was not written');
      return { ticket, expiresAt: row.expiresAt };
    },

    async spend(ticket) {
      const [row] = await orm
        .delete(realtimeTickets)
        .where(and(eq(tokenHash, sha256OfBytes(ticket)), gt(expires, sql`now()`)))
        .returning();
      if (!row) return null;
      const { userId, sessionId, role, tokenExpiresAt: expiresAt } = row;
      const claims = { userId: userId as UserId, role: role as Role, ...(sessionId === null ? {} : { sessionId }) };
      return { principal: restored(claims), expiresAt };
    },
  };
}
