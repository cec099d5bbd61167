import type { PoolClient } from 'pg';
import type { ProductId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/transaction';
import { ormOf } from '../database/transaction';
import { JOBS_SCHEMA } from './install';

/**
 * What pg-boss's own `send` writes, for products that come from `source (product_id)`; a test compares the two. `send` takes three
 * times as long, because it carries every option of a job as JSON, and an upload waits for it.
 */
const insertFrom = (source: string) => `
  insert into ${JOBS_SCHEMA}.job (name, data, singleton_key, policy, expire_seconds, deletion_seconds, keep_until,
    retry_limit, retry_delay, retry_backoff, retry_delay_max, heartbeat_seconds, dead_letter)
  select q.name, jsonb_build_object('productId', source.product_id), source.product_id::text, q.policy, q.expire_seconds,
    q.deletion_seconds, now() + q.retention_seconds * interval '1s',
    q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.heartbeat_seconds, q.dead_letter
  from ${source} source (product_id), ${JOBS_SCHEMA}.queue q where q.name = 'prepare'
  on conflict do nothing`;

const ENQUEUE = insertFrom('(values ($1::uuid))');

/** Products in `uploading`, and images that are not prepared, of uploads that did not fail and were not refused, without a job. */
const ENQUEUE_MISSING = insertFrom(`(
  select product_id from (
    select i.product_id from product_images i join products p on p.id = i.product_id
      where i.prepared_at is null and p.failed_from is distinct from 'uploading'
        and not coalesce(i.processing_metadata ? 'prepare_refused', false)
    union
    select p.id from products p where p.status = 'uploading' and p.image_count > 0
  ) unprepared
  where not exists (select 1 from ${JOBS_SCHEMA}.job j where j.name = 'prepare' and j.state <= 'active'
    and j.policy = 'stately' and coalesce(j.singleton_key, '') = unprepared.product_id::text)
  limit $1)`);

const BATCH = 1000;

/** Queues the job that decodes a product's images; it is there when the transaction commits. One is enough: a second one is none. */
export async function enqueuePrepare(tx: Transaction, id: ProductId): Promise<void> {
  const client = (ormOf(tx) as unknown as { readonly $client: PoolClient }).$client;
  // Named: parsed and planned once for each connection. Every upload runs it.
  await client.query({ name: 'enqueue-prepare', text: ENQUEUE, values: [id] });
}

type Query = (text: string, values: unknown[]) => Promise<{ rowCount: number | null }>;

/** Gives a job to every product that needs one and has none. @returns how many */
export async function enqueueMissingPrepares(query: Query): Promise<number> {
  for (let all = 0; ; ) {
    const { rowCount } = await query(ENQUEUE_MISSING, [BATCH]);
    all += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) return all;
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
  enqueue(tx: Transaction, id: ProductId): Promise<void>;
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
