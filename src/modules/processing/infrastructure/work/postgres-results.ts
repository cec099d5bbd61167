import { and, eq, sql } from 'drizzle-orm';
import { AppError } from '../../../../kernel/app-error';
import type { ImageId } from '../../../../kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Transaction } from '../../../../kernel/transaction';
import type { Orm } from '../../../../platform/database/database';
import { read } from '../../../../platform/database/read';
import { intents, productImages, workResults } from '../../../../platform/database/schema';
import { ormOf } from '../../../../platform/database/transaction';
import type { Lease } from '../../domain/work/lease';
import type { StoredResult, WorkResults } from '../../domain/work/ports';
import type { AwaitedResult, ResultType } from '../../domain/work/results';
import type { StoredUrls } from './stored-url';

/** Of a lease that ends as it should, the intent is claimed with it; this is for one that nobody looks at any more. */
const LEASE_OUTLIVED_BY_MS = 60_000;

/** The intent lives a little longer than its lease: as long as the lease is live, nobody drains what is stored under it. */
export const intentExpiry = (leaseEnds: Date) => new Date(leaseEnds.getTime() + LEASE_OUTLIVED_BY_MS);

export function postgresResults(orm: Orm, urls: StoredUrls): WorkResults {
  return {
    announced: (lease, tx) => (tx ? announced(ormOf(tx), lease) : read(() => announced(orm, lease))),
    announce,
    store: (tx, lease, results) => store(urls, tx, lease, results),
    settle,
  };
}

async function announced(orm: Orm, { id }: Lease): Promise<AwaitedResult[]> {
  const rows = await orm
    .select()
    .from(workResults)
    .where(and(eq(workResults.leaseId, id), eq(workResults.superseded, false)))
    .orderBy(workResults.imageId);
  return rows.map(toResult);
}

// What the casts claim, the domain has checked before it was written.
function toResult(row: typeof workResults.$inferSelect): AwaitedResult {
  return {
    imageId: row.imageId as ImageId,
    contentType: row.contentType as ResultType,
    sizeBytes: row.fileSizeBytes,
    sha256: row.sha256 as Sha256,
    key: row.key as ObjectKey,
  };
}

async function announce(
  tx: Transaction,
  lease: Lease,
  results: readonly AwaitedResult[],
  putExpiresAt: Date,
): Promise<void> {
  const orm = ormOf(tx);
  const { rowCount } = await orm
    .insert(intents)
    .values({
      id: lease.id,
      kind: 'result',
      productId: lease.productId,
      prefix: attemptPrefix(lease.productId, lease.id),
      expiresAt: intentExpiry(lease.expiresAt),
      putExpiresAt,
    })
    .onConflictDoUpdate({
      target: intents.id,
      set: { putExpiresAt: sql`greatest(${intents.putExpiresAt}, excluded.put_expires_at)` },
      setWhere: eq(intents.state, 'open'),
    });
  if (rowCount !== 1) throw new AppError('LEASE_LOST');
  await orm.execute(sql`
    update ${workResults} set superseded = true
    where lease_id = ${lease.id} and not superseded
      and image_id = any(${sql.param(results.map(({ imageId }) => imageId))}::uuid[])
      and key <> all(${sql.param(results.map(({ key }) => key))}::text[])`);
  await orm
    .insert(workResults)
    .values(
      results.map(({ sizeBytes, ...rest }) => ({ ...rest, leaseId: lease.id, fileSizeBytes: sizeBytes, putExpiresAt })),
    )
    .onConflictDoUpdate({
      target: workResults.key,
      set: { putExpiresAt: sql`greatest(${workResults.putExpiresAt}, excluded.put_expires_at)` },
    });
}

/**
 * What the decoder has said of an image's bytes stays said: else they would be decoded again, and their seller told again. It alone says
 * it: an image on which a worker set its mark would never be decoded.
 */
async function store(
  urls: StoredUrls,
  tx: Transaction,
  { productId }: Lease,
  results: readonly StoredResult[],
): Promise<void> {
  if (results.length === 0) return;
  const rows = results.map(({ imageId, kept, processingMetadata }) => ({
    id: imageId,
    ...(kept && { url: urls.urlOf(kept.key), sha256: kept.sha256, size: kept.sizeBytes }),
    metadata: processingMetadata,
  }));
  const { rowCount } = await ormOf(tx).execute(sql`
    update ${productImages} i set
      processed_s3_url = coalesce(r.url, i.processed_s3_url),
      processed_sha256 = case when r.url is null then i.processed_sha256 else r.sha256 end,
      processed_file_size_bytes = case when r.url is null then i.processed_file_size_bytes else r.size end,
      processed_at = case when r.url is null then i.processed_at else now() end,
      processing_metadata = case
        when r.metadata is null then i.processing_metadata
        when jsonb_typeof(r.metadata) = 'object' and i.processing_metadata ? 'prepare_refused'
          then r.metadata || jsonb_build_object('prepare_refused', i.processing_metadata -> 'prepare_refused')
        when jsonb_typeof(r.metadata) = 'object' then r.metadata - 'prepare_refused'
        else r.metadata
      end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id uuid, url text, sha256 text, size int, metadata jsonb)
    where i.id = r.id and i.product_id = ${productId}`);
  if (rowCount !== results.length) throw new AppError('IMAGE_NOT_FOUND');
}

async function settle(tx: Transaction, lease: Lease): Promise<void> {
  const orm = ormOf(tx);
  const rows = await orm.delete(workResults).where(eq(workResults.leaseId, lease.id)).returning();
  if (rows.length === 0) return;
  const { rowCount } = await orm.delete(intents).where(and(eq(intents.id, lease.id), eq(intents.state, 'open')));
  if (rowCount !== 1) throw new AppError('LEASE_LOST');
  // a PUT may still come where one was allowed
  await orm.insert(intents).values(
    rows.map(({ key, putExpiresAt }) => ({
      prefix: key,
      putExpiresAt,
      id: Bun.randomUUIDv7(),
      kind: 'delete',
      productId: lease.productId,
      state: 'draining',
      expiresAt: sql`now()`,
    })),
  );
}
