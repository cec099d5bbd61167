import { and, asc, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { Orm } from '../../../platform/database/database';
import { quarantinedObjects as table } from '../../../platform/database/schema';
import type { NewlyQuarantined, QuarantinedObject, QuarantineJournal, QuarantineState } from '../domain/quarantine';

const PAGE = 1000;

export function postgresQuarantine(orm: Orm): QuarantineJournal {
  const isIn = (key: ObjectKey, state: QuarantineState) => and(eq(table.key, key), eq(table.state, state));
  const pageWhere = async (which: SQL | undefined, after: ObjectKey | null, limit: number) => {
    const rows = await orm
      .select()
      .from(table)
      .where(and(which, after === null ? undefined : sql`${table.key} collate "C" > ${after} collate "C"`))
      .orderBy(asc(sql`${table.key} collate "C"`))
      .limit(limit);
    return rows.map(quarantinedObject);
  };
  const add = async ({ sizeBytes, ...object }: NewlyQuarantined, as: { state?: QuarantineState }) => {
    const { rowCount } = await orm
      .insert(table)
      .values({ ...object, ...as, fileSizeBytes: sizeBytes })
      .onConflictDoNothing();
    return rowCount === 1;
  };
  return {
    begin: (object) => add(object, {}),

    adopt: (object) => add(object, { state: 'held' }),

    async *pagesInQuarantine() {
      const key = sql`${table.quarantineKey} collate "C"`;
      for (let after: string | null = null; ; ) {
        const behind: SQL | undefined = after === null ? undefined : sql`${key} > ${after} collate "C"`;
        const rows = await orm.select().from(table).where(behind).orderBy(asc(key)).limit(PAGE);
        if (rows.length > 0)
          yield rows.map((row) => ({ key: row.quarantineKey as ObjectKey, object: quarantinedObject(row) }));
        if (rows.length < PAGE) return;
        after = rows.at(-1)?.quarantineKey ?? null;
      }
    },

    async byKey(key) {
      const [row] = await orm.select().from(table).where(eq(table.key, key));
      return row ? quarantinedObject(row) : null;
    },

    async turn(key, from, to) {
      // how long it has been held or back is what is asked for; a release or an expiry that ended in nothing does not make it younger
      const isBegun = to === 'released' || (to === 'held' && from !== 'releasing' && from !== 'expiring');
      const since = isBegun ? { quarantinedAt: sql`now()` } : {};
      const { rowCount } = await orm
        .update(table)
        .set({ state: to, ...since })
        .where(isIn(key, from));
      return rowCount === 1;
    },

    async forget(key, from) {
      await orm.delete(table).where(isIn(key, from));
    },

    page: (states, after, limit) => pageWhere(inArray(table.state, [...states]), after, limit),

    async releasedFor(seconds, keys) {
      if (keys.length === 0) return new Set();
      const rows = await orm
        .select({ key: table.key })
        .from(table)
        .where(and(inArray(table.key, [...keys]), isOver('released', seconds)));
      return new Set(rows.map(({ key }) => key as ObjectKey));
    },

    expired: (ttlSeconds, after, limit) =>
      pageWhere(or(isOver('held', ttlSeconds), eq(table.state, 'expiring')), after, limit),

    async claim(keys) {
      if (keys.length === 0) return;
      const areHeld = and(inArray(table.key, [...keys]), eq(table.state, 'held'));
      await orm.update(table).set({ state: 'expiring' }).where(areHeld);
    },
  };
}

function isOver(state: QuarantineState, seconds: number): SQL | undefined {
  return and(eq(table.state, state), sql`${table.quarantinedAt} < now() - make_interval(secs => ${seconds})`);
}

function quarantinedObject({ fileSizeBytes, ...row }: typeof table.$inferSelect): QuarantinedObject {
  return {
    ...row,
    key: row.key as ObjectKey,
    quarantineKey: row.quarantineKey as ObjectKey,
    sizeBytes: fileSizeBytes,
    sha256: row.sha256 as Sha256 | null,
    state: row.state as QuarantineState,
  };
}
