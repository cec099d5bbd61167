import { sql } from 'drizzle-orm';
import { newId, type ProductId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { Transaction } from '../../../../kernel/transaction';
import type { Orm } from '../../../../platform/database/database';
import { products, workItems, workLeases } from '../../../../platform/database/schema';
import { ormOf } from '../../../../platform/database/transaction';
import type { ClaimedWork, LeaseId, WorkPhase } from '../../domain/work/lease';
import type { Claim, ClaimRequest, UnreadableItem } from '../../domain/work/ports';
import type { StoredUrls } from './stored-url';
import { workImages } from './work-images';

/**
 * What `work_items_queue_idx` gives in order; the time stands before the id, which a seller may choose. Whoever changes a status locks
 * the product first: such a one is passed over, too.
 */
export const firstOfQueue = (phase: WorkPhase, max: number) => sql`
  select w.product_id, p.prompt_text
  from ${workItems} w join ${products} p on p.id = w.product_id
  where w.phase = ${phase} and w.state = 'queued'
  order by w.turn, w.queued_at, w.product_id
  limit ${max}
  for update of w skip locked for no key update of p skip locked`;

type Free = { product_id: ProductId; prompt_text: string };
type Leased = { id: LeaseId; product_id: ProductId; attempt: number; expires_ms: number };

/** @see WorkQueue.claim */
export async function claim(urls: StoredUrls, tx: Transaction, worker: Worker, request: ClaimRequest): Promise<Claim> {
  const orm = ormOf(tx);
  const { rows: free } = await orm.execute<Free>(firstOfQueue(request.phase, request.max));
  if (free.length === 0) return { work: [], unreadable: [] };
  const ids = free.map(({ product_id }) => product_id);
  const leased = await lease(orm, worker, request, ids);
  const imagesOf = await workImages(orm, urls, ids);
  const work: ClaimedWork[] = [];
  const unreadable: UnreadableItem[] = [];
  for (const { product_id: productId, prompt_text: promptText } of free) {
    const { id, attempt, expires_ms } = leased.get(productId) ?? missing();
    try {
      const images = imagesOf(productId);
      work.push({ id, productId, attempt, expiresAt: new Date(expires_ms), promptText, images });
    } catch (error) {
      unreadable.push({ productId, error });
    }
  }
  return { work, unreadable };
}

/** One statement: the item, the product's time, and the lease. */
async function lease(
  orm: Orm,
  worker: Worker,
  { phase, worker: name, leaseSeconds }: ClaimRequest,
  ids: readonly ProductId[],
): Promise<ReadonlyMap<ProductId, Leased>> {
  const leases = ids.map(() => newId<LeaseId>());
  const { rows } = await orm.execute<Leased>(sql`
    with claimed as (
      select * from unnest(${sql.param(ids)}::uuid[], ${sql.param(leases)}::uuid[]) as c (product_id, lease_id)
    ), leased as (
      update ${workItems} w set state = 'leased', attempts = w.attempts + 1, due_at = now() + make_interval(secs => ${leaseSeconds})
      from claimed c where w.product_id = c.product_id
      returning w.product_id, w.attempts, w.due_at
    ), started as (
      update ${products} p set processing_started_at = now()
      from claimed c where p.id = c.product_id and p.status = 'processing' and p.processing_started_at is null
    )
    insert into ${workLeases} (id, product_id, phase, holder_id, worker, attempt, lease_seconds, expires_at)
      select c.lease_id, c.product_id, ${phase}, ${worker.userId}, ${name}, l.attempts, ${leaseSeconds}, l.due_at
      from claimed c join leased l on l.product_id = c.product_id
      returning id, product_id, attempt, (extract(epoch from expires_at) * 1000)::float8 as expires_ms`);
  return new Map(rows.map((row) => [row.product_id, row]));
}

function missing(): never {
  throw new Error('an item that was locked was not leased');
}
