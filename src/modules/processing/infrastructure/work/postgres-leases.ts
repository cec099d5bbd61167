import { and, eq, sql } from 'drizzle-orm';
import type { ProductId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { Transaction } from '../../../../kernel/transaction';
import type { Orm } from '../../../../platform/database/database';
import { read } from '../../../../platform/database/read';
import { intents, products, workItems, workLeases } from '../../../../platform/database/schema';
import { ormOf } from '../../../../platform/database/transaction';
import type { Lease, LeaseId, WorkAnswer, WorkPhase } from '../../domain/work/lease';
import type { Leases } from '../../domain/work/ports';
import { intentExpiry } from './postgres-results';
import type { StoredUrls } from './stored-url';
import { workImages } from './work-images';

const isOf = (worker: Worker, id: LeaseId) => and(eq(workLeases.id, id), eq(workLeases.holderId, worker.userId));

export function postgresLeases(orm: Orm, urls: StoredUrls): Leases {
  return {
    find: (worker, id) => read(() => findLease(orm, worker, id)),
    lock,
    extend,

    async recordProgress(tx, { productId }, progress, message) {
      await ormOf(tx).execute(sql`select record_progress(${productId}::uuid, ${progress}::int, ${message}::text)`);
    },

    async end(tx, { id }, state, answer) {
      await ormOf(tx)
        .update(workLeases)
        .set({ state, answer, endedAt: sql`clock_timestamp()` })
        .where(eq(workLeases.id, id));
    },

    async images({ productId }, tx) {
      const images = (on: Orm) => workImages(on, urls, [productId]);
      const imagesOf = await (tx ? images(ormOf(tx)) : read(() => images(orm)));
      return imagesOf(productId);
    },
  };
}

async function findLease(orm: Orm, worker: Worker, id: LeaseId): Promise<Lease | null> {
  const isCurrent = sql<boolean>`${workLeases.state} = 'live' and ${workLeases.expiresAt} > clock_timestamp()`;
  const [row] = await orm.select({ lease: workLeases, isCurrent }).from(workLeases).where(isOf(worker, id));
  // What the casts claim, the table's CHECKs hold, and that nobody else writes it.
  return row
    ? {
        ...row.lease,
        id,
        productId: row.lease.productId as ProductId,
        phase: row.lease.phase as WorkPhase,
        state: row.lease.state as Lease['state'],
        answer: row.lease.answer as WorkAnswer | null,
        isCurrent: row.isCurrent,
      }
    : null;
}

async function lock(tx: Transaction, worker: Worker, id: LeaseId): Promise<Lease | null> {
  const orm = ormOf(tx);
  const product = orm.select({ id: workLeases.productId }).from(workLeases).where(isOf(worker, id));
  const locked = await orm
    .select({ id: products.id })
    .from(products)
    .where(eq(products.id, product))
    .for('no key update');
  if (locked.length === 0) return null;
  await orm.select({ id: workLeases.id }).from(workLeases).where(isOf(worker, id)).for('update');
  // A statement of its own: it sees what the transactions before this one have committed.
  return findLease(orm, worker, id);
}

async function extend(tx: Transaction, { id, productId, leaseSeconds }: Lease): Promise<Date> {
  const orm = ormOf(tx);
  const [row] = await orm
    .update(workLeases)
    .set({ expiresAt: sql`clock_timestamp() + make_interval(secs => ${leaseSeconds})` })
    .where(eq(workLeases.id, id))
    .returning({ expiresAt: workLeases.expiresAt });
  if (!row) throw new Error('a lease that was locked is gone');
  await orm
    .update(workItems)
    .set({ dueAt: row.expiresAt })
    .where(and(eq(workItems.productId, productId), eq(workItems.state, 'leased')));
  await orm
    .update(intents)
    .set({ expiresAt: intentExpiry(row.expiresAt) })
    .where(and(eq(intents.id, id), eq(intents.state, 'open')));
  return row.expiresAt;
}
