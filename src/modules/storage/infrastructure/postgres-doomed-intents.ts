import { and, asc, eq, gt, inArray, lte, ne, type SQL, sql } from 'drizzle-orm';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix } from '../../../kernel/object-key';
import type { Orm } from '../../../platform/database/database';
import { directUploads, imageVariants, intents, productImages, users } from '../../../platform/database/schema';
import type { DoomedIntent, DoomedIntents } from '../domain/intent-journal';

const COLUMNS = {
  id: intents.id,
  kind: intents.kind,
  productId: intents.productId,
  prefix: intents.prefix,
  state: intents.state,
};

type Row = { id: string; kind: string; productId: string | null; prefix: string; state: string };

function doomedIntent(row: Row): DoomedIntent {
  return {
    ...row,
    id: row.id as AttemptId,
    productId: row.productId as ProductId | null,
    state: row.state as DoomedIntent['state'],
  };
}

/**
 * @param buckets the configured bucket and its former names: rows name their objects as `s3://bucket/key`
 * @param putMaxDurationSeconds PUT_MAX_DURATION_SECONDS
 */
export function postgresDoomedIntents(
  orm: Orm,
  buckets: readonly string[],
  putMaxDurationSeconds: number,
): DoomedIntents {
  return {
    async claimExpired() {
      const { rowCount } = await orm.execute(CLAIM_EXPIRED);
      return rowCount ?? 0;
    },

    async page(after, limit, { within, onlyNew = false } = {}) {
      const inState = onlyNew ? eq(intents.state, 'draining') : ne(intents.state, 'open');
      const rows = await orm
        .select(COLUMNS)
        .from(intents)
        .where(and(inState, after ? gt(intents.id, after) : undefined, within && beginsWith(within)))
        .orderBy(asc(intents.id))
        .limit(limit);
      return rows.map(doomedIntent);
    },

    async byId(id) {
      const rows = await orm
        .select(COLUMNS)
        .from(intents)
        .where(and(eq(intents.id, id), ne(intents.state, 'open')));
      return rows.map(doomedIntent)[0] ?? null;
    },

    async named(doomed) {
      if (doomed.length === 0) return new Set();
      const { rows } = await orm.execute<{ id: AttemptId }>(namedQuery(doomed, buckets));
      return new Set(rows.map(({ id }) => id));
    },

    async entomb(ids) {
      if (ids.length === 0) return;
      const until = sql`greatest(${intents.putExpiresAt}, now()) + make_interval(secs => ${putMaxDurationSeconds})`;
      await orm
        .update(intents)
        .set({ state: 'tombstone', tombstoneUntil: until })
        .where(and(inArray(intents.id, [...ids]), eq(intents.state, 'draining')));
    },

    async bury(ids, asOf) {
      if (ids.length === 0) return 0;
      const { rowCount } = await orm
        .delete(intents)
        .where(and(inArray(intents.id, [...ids]), eq(intents.state, 'tombstone'), lte(intents.tombstoneUntil, asOf)));
      return rowCount ?? 0;
    },

    async now() {
      // Down to the millisecond and a little earlier: a comparison with it never comes out too late.
      const { rows } = await orm.execute<{ ms: number }>(
        sql`select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
      );
      return new Date(rows[0]?.ms ?? 0);
    },

    async outstanding() {
      const { rows } = await orm.execute<{ state: 'open' | 'draining' | 'tombstone'; n: number }>(
        sql`select state, count(*)::int as n from ${intents} group by state`,
      );
      return { open: 0, draining: 0, tombstone: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) };
    },
  };
}

const isExpired = sql`i.state = 'open' and i.expires_at <= now()`;

/**
 * Of direct uploads the account first, as for all that changes them: triggers remove their rows with the intent, and the intent with
 * their rows where the account is removed, which would wait for each other crosswise. What somebody else has locked is being ended,
 * or the next claim's.
 */
const CLAIM_EXPIRED = sql`
  with direct as materialized (
    select i.id from ${intents} i join ${directUploads} d on d.intent_id = i.id join ${users} u on u.id = d.user_id
    where ${isExpired} for key share of u skip locked for update of i skip locked
  ), other as materialized (
    select i.id from ${intents} i
    where ${isExpired} and not exists (select from ${directUploads} d where d.intent_id = i.id) for update of i skip locked
  )
  update ${intents} set state = 'draining' where id in (select id from direct union all select id from other)`;

/** A range of `intents_prefix_idx`. U+10FFFF is the last of all characters by bytes. */
function beginsWith(prefix: KeyPrefix): SQL {
  return sql`${intents.prefix} collate "C" between ${prefix} and ${`${prefix}\u{10FFFF}`}`;
}

/** Which of these intents have a row that names a key of theirs, in any of the buckets that rows may name. */
function namedQuery(doomed: readonly DoomedIntent[], buckets: readonly string[]): SQL {
  const ranges = doomed.flatMap(({ id, productId, prefix }) =>
    buckets.map((bucket) => ({ id, product: productId, lo: `s3://${bucket}/${prefix}` })),
  );
  // A folder names all that begins with it. U+10FFFF is the last of all characters by bytes.
  return sql`
    with doomed as (
      select id, product, lo, case when lo like '%/' then lo || U&'\\+10FFFF' else lo end as hi
      from jsonb_to_recordset(${JSON.stringify(ranges)}::jsonb) as r(id uuid, product uuid, lo text)
    )
    select distinct id from doomed d where
      exists (select 1 from ${productImages} i where i.original_s3_url collate "C" between d.lo and d.hi)
      or exists (select 1 from ${imageVariants} v where v.s3_url collate "C" between d.lo and d.hi)
      or exists (select 1 from ${productImages} i where i.product_id = d.product and i.processed_s3_url collate "C" between d.lo and d.hi)`;
}
