import type { Client } from 'pg';
import type { RestoreEnd } from '../../domain/restore';

/** More events than a seller can have had in what a restore undoes: no number is given twice. */
const EVENT_LEAP = 1_000_000_000;

/**
 * What was true at the snapshot and is not any more. Of the journal nothing may go on: it speaks of attempts that are dead, and of a
 * bucket of another moment, so what they left is the audit's to find, which moves aside and does not delete. Announced direct uploads
 * are kept: their clients may still complete them, and no committed product has a key under their prefixes.
 */
const PUT_RIGHT = [
  `delete from intents i where not (i.state = 'open' and exists (select 1 from direct_uploads d where d.intent_id = i.id))`,
  'delete from idempotency_keys where answer is null',
  'delete from realtime_tickets',
  // whoever holds a token of the time that was undone must not go on with it
  'update sessions set revoked_at = now() where revoked_at is null',
  `update work_leases set state = 'lost', ended_at = now() where state = 'live'`,
  // that attempt was no worker's fault
  `update work_items set state = 'queued', due_at = null, attempts = greatest(attempts - 1, 0) where state = 'leased'`,
  // what is held there still can be released; whether it is, the audit finds out, and what has no row any more it holds anew
  `delete from quarantined_objects where state <> 'held'`,
  'update quarantined_objects set quarantined_at = now()',
  // one that was cut short would be taken up behind all that it had looked at before the loss
  `update maintenance_runs set cursor = null where task = 'audit'`,
  // among them the very backup that is brought back: its end was not in its snapshot
  `update maintenance_runs set ended_at = greatest(now(), started_at), outcome = 'stopped',
    error = 'what came of it was undone: the database was brought back to an earlier moment' where ended_at is null`,
] as const;

/** Every seller has a row: one whose first event was undone must not get the same numbers again. */
const LEDGER = `
  insert into seller_ledger (user_id) select id from users on conflict do nothing;
  update seller_ledger l set
    uploading = c.uploading, processing = c.processing, ready = c.ready, publishing = c.publishing, published = c.published,
    failed = c.failed, image_bytes = c.image_bytes, last_event = l.last_event + ${EVENT_LEAP}, event_floor = l.last_event + ${EVENT_LEAP}
  from (
    select u.id,
      count(*) filter (where p.status = 'uploading') as uploading, count(*) filter (where p.status = 'processing') as processing,
      count(*) filter (where p.status = 'ready') as ready, count(*) filter (where p.status = 'publishing') as publishing,
      count(*) filter (where p.status = 'published') as published, count(*) filter (where p.status = 'failed') as failed,
      coalesce(sum(p.image_bytes), 0) as image_bytes
    from users u left join products p on p.user_id = u.id group by u.id) c
  where c.id = l.user_id`;

const LOST = `
  with lost as (select unnest($1::text[]) as key),
    variants as (delete from image_variants v using lost where substring(v.s3_url from '^s3://[^/]+/(.*)$') = lost.key returning v.image_id)
  update product_images i set
    damaged_at = case when substring(i.original_s3_url from '^s3://[^/]+/(.*)$') in (select key from lost)
      or substring(i.processed_s3_url from '^s3://[^/]+/(.*)$') in (select key from lost) then now() else i.damaged_at end,
    prepared_at = case when i.id in (select image_id from variants) then null else i.prepared_at end
  where substring(i.original_s3_url from '^s3://[^/]+/(.*)$') in (select key from lost)
    or substring(i.processed_s3_url from '^s3://[^/]+/(.*)$') in (select key from lost)
    or i.id in (select image_id from variants)`;

/** Within a transaction of the owner's, on this code's schema. When it commits, and the marker is gone, the database may be served from. */
export async function finishRestore(client: Client, end: RestoreEnd): Promise<void> {
  await putRight(client, end.reason);
  if (end.lost.length > 0) await client.query(LOST, [end.lost]);
  await client.query(
    `insert into maintenance_runs (task, started_at, ended_at, outcome, counts)
      values ('backup_restore', least($1, now()), now(), 'ok', $2)`,
    [end.startedAt, end.counts],
  );
}

/** Also for a database that was brought back to an earlier moment by other means. */
export async function putRight(client: Client, reason: string): Promise<void> {
  for (const statement of PUT_RIGHT) await client.query(statement);
  await client.query(LEDGER);
  await client.query('truncate product_events');
  await client.query('insert into maintenance_hold (reason) values ($1) on conflict do nothing', [reason]);
}
