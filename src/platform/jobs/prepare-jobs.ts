import type { PoolClient } from 'pg';
import type { ProductId, UserId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/transaction';
import { ormOf } from '../database/transaction';
import { JOBS_SCHEMA } from './install';

/** Each product of a seller that waits puts its next one off by so much: sellers who come meanwhile go before it. */
const PUT_OFF_SECONDS = 10;
/** Of more it does not matter how many there are. */
const COUNTED = 100_000;

/**
 * Fair between sellers: a job's place is the moment at which it was queued, put off by what its seller already has waiting. So a
 * thousand products of one do not stand before another's first, and none is overtaken for ever, as it would be by its depth alone. Seconds
 * since 2026, because a priority is an integer; the higher one goes first (pg-boss's `job_i11` has this order).
 */
const PRIORITY = `-(extract(epoch from now())::bigint - 1767225600 + ${PUT_OFF_SECONDS} * least(source.ahead, ${COUNTED}))::int`;

/**
 * What pg-boss's own `send` writes, for products that come from `source (product_id, ahead)`; a test compares the two. `send` takes three
 * times as long, because it carries every option of a job as JSON, and an upload waits for it.
 * `ahead` says how many products of the same seller wait already.
 */
const insertFrom = (source: string) => `
  insert into ${JOBS_SCHEMA}.job (name, data, singleton_key, priority, policy, expire_seconds, deletion_seconds, keep_until,
    retry_limit, retry_delay, retry_backoff, retry_delay_max, heartbeat_seconds, dead_letter)
  select q.name, jsonb_build_object('productId', source.product_id), source.product_id::text, ${PRIORITY}, q.policy, q.expire_seconds,
    q.deletion_seconds, now() + q.retention_seconds * interval '1s',
    q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.heartbeat_seconds, q.dead_letter
  from (${source}) source (product_id, ahead), ${JOBS_SCHEMA}.queue q where q.name = 'prepare'
  on conflict do nothing`;

/** The ledger has the seller's count ready: one look by its key, without a lock. */
const ENQUEUE = insertFrom('select $1::uuid, coalesce((select uploading from seller_ledger where user_id = $2), 0)');

/**
 * Products in `uploading`, and images that are not prepared, of uploads that did not fail and were not refused, without a job. Each is
 * put off by those of its seller that have one, as those of the batch before, and by those that stand before it here.
 */
const ENQUEUE_MISSING = insertFrom(`
  with unprepared as (
    select i.product_id, p.user_id from product_images i join products p on p.id = i.product_id
      where i.prepared_at is null and p.failed_from is distinct from 'uploading'
        and not coalesce(i.processing_metadata ? 'prepare_refused', false)
    union
    select p.id, p.user_id from products p where p.status = 'uploading' and p.image_count > 0
  ), known as (
    select product_id, user_id, exists (select 1 from ${JOBS_SCHEMA}.job j where j.name = 'prepare' and j.state <= 'active'
      and j.policy = 'stately' and coalesce(j.singleton_key, '') = unprepared.product_id::text) as queued
    from unprepared
  ), numbered as (
    select product_id, queued, row_number() over (partition by user_id order by queued desc, product_id) - 1 as ahead from known
  )
  select product_id, ahead from numbered where not queued order by ahead limit $1`);

const BATCH = 1000;

/**
 * Queues the job that decodes a product's images, in its seller's turn; it is there when the transaction commits. One is enough: a
 * second one is none.
 */
export async function enqueuePrepare(tx: Transaction, id: ProductId, seller: UserId): Promise<void> {
  const client = (ormOf(tx) as unknown as { readonly $client: PoolClient }).$client;
  // Named: parsed and planned once for each connection. Every upload runs it.
  await client.query({ name: 'enqueue-prepare', text: ENQUEUE, values: [id, seller] });
}

type Query = (text: string, values: unknown[]) => Promise<{ rowCount: number | null }>;

/** Gives a job to every product that needs one and has none, by so many at a time. @returns how many */
export async function enqueueMissingPrepares(query: Query, batch = BATCH): Promise<number> {
  for (let all = 0; ; ) {
    const { rowCount } = await query(ENQUEUE_MISSING, [batch]);
    all += rowCount ?? 0;
    if ((rowCount ?? 0) < batch) return all;
  }
}

/** Jobs by state, for /metrics. */
export async function prepareQueueLengths(
  query: (text: string) => Promise<{ rows: unknown[] }>,
): Promise<Record<string, number>> {
  const { rows } = await query(`
    select state::text, count(*)::int as n from ${JOBS_SCHEMA}.job where name = 'prepare' and state <= 'active' group by state`);
  const found = rows as { state: string; n: number }[];
  return { created: 0, retry: 0, active: 0, ...Object.fromEntries(found.map(({ state, n }) => [state, n])) };
}

export interface PrepareQueue {
  enqueue(tx: Transaction, id: ProductId, seller: UserId): Promise<void>;
  wake(): void;
  wakenBy(by: () => void): void;
}

/** The queue as those see it who fill it; whoever works on it in this process says how it is woken. */
export function prepareQueue(): PrepareQueue {
  let wake: () => void = () => undefined;
  return {
    enqueue: enqueuePrepare,
    wake: () => wake(),
    wakenBy(by: () => void) {
      wake = by;
    },
  };
}
