import { and, desc, eq, exists, gt, inArray, isNull, ne, sql } from 'drizzle-orm';
import type { UserId } from '../../../kernel/ids';
import type { Database } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { refreshTokens, sessions } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { Session, SessionId } from '../domain/session';
import type { SessionRepository } from '../domain/session-repository';
import { deviceColumns } from './device-columns';
import { networkOf } from './network';

/** No account has it. @see RFC 9562, 5.9 */
const NOBODY = '00000000-0000-0000-0000-000000000000';
const alive = isNull(sessions.revokedAt);
const unspent = isNull(refreshTokens.spentAt);

/** Locks are taken in the order user, session, tokens, as the cascade takes them. */
export function postgresSessions({ orm }: Database): SessionRepository {
  return {
    open: async (tx, { id, createdAt, lastUsedAt, ...device }, userId) => {
      await ormOf(tx)
        .insert(sessions)
        .values({ id, userId, createdAt, lastUsedAt, ...deviceColumns(device) });
    },
    addToken: async (tx, sessionId, { hash, createdAt, expiresAt }) => {
      await ormOf(tx).insert(refreshTokens).values({ tokenHash: hash, sessionId, createdAt, expiresAt });
    },
    lockFamily,
    use: async (tx, sessionId, device, at) => {
      const used = await ormOf(tx)
        .update(sessions)
        .set({ lastUsedAt: at, ...deviceColumns(device) })
        .where(and(eq(sessions.id, sessionId), alive))
        .returning({ id: sessions.id });
      if (used.length === 0) return false;
      const ofFamily = and(eq(refreshTokens.sessionId, sessionId), unspent);
      await ormOf(tx).update(refreshTokens).set({ spentAt: at }).where(ofFamily);
      return true;
    },
    revoke: async (tx, sessionId, at) => {
      await ormOf(tx)
        .update(sessions)
        .set({ revokedAt: at })
        .where(and(eq(sessions.id, sessionId), alive));
    },
    revokeOwn: async (tx, userId, sessionId, at) => {
      const own = and(eq(sessions.id, sessionId), eq(sessions.userId, userId), alive);
      const revoked = await ormOf(tx).update(sessions).set({ revokedAt: at }).where(own).returning({ id: sessions.id });
      return revoked.length === 1;
    },
    revokeAll: async (tx, userId, except, at) => {
      const others = and(eq(sessions.userId, userId), alive, except === null ? undefined : ne(sessions.id, except));
      await ormOf(tx).update(sessions).set({ revokedAt: at }).where(others);
    },
    keepLastUsed: async (tx, userId, kept, at) => {
      await ormOf(tx).execute(sql`
        update ${sessions} set revoked_at = ${at.toISOString()}::timestamptz where id in (
          select id from ${sessions} where revoked_at is null and id in (
            select id from ${sessions} where user_id = ${userId} and revoked_at is null
            order by last_used_at desc, id desc offset ${kept}
          ) for update skip locked)`);
    },
    live: async (ids) => {
      const which = and(inArray(sessions.id, [...ids]), alive);
      const rows = await read(() => orm.select({ id: sessions.id }).from(sessions).where(which));
      return new Set(rows.map(({ id }) => id as SessionId));
    },
    usedFrom: async (userId, ip) => {
      const network = networkOf(ip);
      const fromThere = network === null ? isNull(sessions.ip) : sql`${sessions.ip} <<= ${network}::cidr`;
      const of = and(eq(sessions.userId, userId ?? NOBODY), fromThere);
      const rows = await read(() => orm.select({ one: sql`1` }).from(sessions).where(of).limit(1));
      return rows.length > 0;
    },
    listActive: async (userId, now, limit) => {
      const refreshable = orm
        .select({ one: sql`1` })
        .from(refreshTokens)
        .where(and(eq(refreshTokens.sessionId, sessions.id), unspent, gt(refreshTokens.expiresAt, now)));
      const rows = await read(() =>
        orm
          .select()
          .from(sessions)
          .where(and(eq(sessions.userId, userId), alive, exists(refreshable)))
          .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
          .limit(limit),
      );
      return rows.map(sessionOf);
    },
  };
}

const lockFamily: SessionRepository['lockFamily'] = async (tx, hash) => {
  const ofToken = ormOf(tx)
    .select({ id: refreshTokens.sessionId })
    .from(refreshTokens)
    .where(eq(refreshTokens.tokenHash, hash));
  // Two statements: the second begins when the lock is held, so it sees what its last holder committed.
  const [family] = await ormOf(tx)
    .select({ userId: sessions.userId, revokedAt: sessions.revokedAt })
    .from(sessions)
    .where(eq(sessions.id, ofToken))
    .for('no key update');
  const [token] = await ormOf(tx).select().from(refreshTokens).where(eq(refreshTokens.tokenHash, hash));
  if (!family || !token) return null;
  return {
    sessionId: token.sessionId as SessionId,
    userId: family.userId as UserId,
    revoked: family.revokedAt !== null,
    spent: token.spentAt !== null,
    expiresAt: token.expiresAt,
  };
};

function sessionOf({ id, createdAt, lastUsedAt, ip, userAgent }: typeof sessions.$inferSelect): Session {
  return { id: id as SessionId, createdAt, lastUsedAt, ip, userAgent };
}
