import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import type { AttemptId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import { RestoreRefused } from '../../domain/restore-refused';
import type { BackedProduct, MovedObject, ProductRestoreDatabase, RawRows } from '../../domain/restored-product';
import { asOwner, inOneTransaction } from './owner-connection';

/** @param bucket whose name the rows get */
export function restoredProducts(ownerUrl: string, bucket: string): ProductRestoreDatabase {
  return {
    whyNot: (product) =>
      asOwner(ownerUrl, (client) =>
        inOneTransaction(client, async () => {
          await stage(client, product);
          return await whyNot(client);
        }),
      ),
    insert: (product, attempt, moved, lost) =>
      asOwner(ownerUrl, (client) =>
        inOneTransaction(client, async () => {
          await stage(client, product);
          const why = await whyNot(client);
          if (why) throw new RestoreRefused(why);
          await rename(client, bucket, moved, lost);
          await insertRows(client, product);
          const status = await leadToStatus(client);
          await settle(client, attempt);
          return status;
        }),
      ),
  };
}

/** The rows as the backup has them, in tables that are gone with the transaction. */
async function stage(client: Client, { rows }: BackedProduct): Promise<void> {
  for (const raw of rows) {
    await client.query(
      `create temp table back_${raw.table} (like public.${raw.table} including defaults) on commit drop`,
    );
    await copyInto(client, raw);
  }
}

async function copyInto(client: Client, { table, columns, lines }: RawRows): Promise<void> {
  const copy = client.query(
    from(`copy back_${table} (${columns.map((column) => `"${column}"`).join(', ')}) from stdin`),
  );
  try {
    await pipeline(Readable.from(lines.map((line) => Buffer.from(`${line}\n`))), copy);
  } catch (error) {
    // a column that is not there any more: migrations change whole databases, not one row on its way
    throw new RestoreRefused(
      `the backup's ${table} has another form than today's: restore it whole beside this system (docs/backup-runbooks.md)`,
      { cause: error },
    );
  }
}

async function whyNot(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ is_there: boolean; has_seller: boolean }>(`
    select exists (select from products p where p.id = b.id) or exists (select from direct_uploads d where d.product_id = b.id) as is_there,
      exists (select from users u where u.id = b.user_id) as has_seller
    from back_products b`);
  if (rows[0]?.is_there) return 'the product is there';
  return rows[0]?.has_seller ? null : 'its seller is gone';
}

/** Where the bytes lie now. What the backup does not have is called damaged; a lost variant is made again. */
async function rename(client: Client, bucket: string, moved: readonly MovedObject[], lost: readonly ObjectKey[]) {
  const keyIn = (column: string) => `substring(${column} from '^s3://[^/]+/(.*)$')`;
  const urls = JSON.stringify(Object.fromEntries(moved.map(({ from: old, to }) => [old, `s3://${bucket}/${to}`])));
  await client.query(`delete from back_image_variants where ${keyIn('s3_url')} = any($1)`, [lost]);
  await client.query(`update back_image_variants set s3_url = $1::jsonb ->> ${keyIn('s3_url')}`, [urls]);
  await client.query(
    `update back_product_images set put_expires_at = null,
      damaged_at = case when ${keyIn('original_s3_url')} = any($2) or ${keyIn('processed_s3_url')} = any($2) then now() end,
      prepared_at = case when (select count(*) from back_image_variants v where v.image_id = back_product_images.id) = 2 then prepared_at end,
      original_s3_url = $1::jsonb ->> ${keyIn('original_s3_url')}, processed_s3_url = $1::jsonb ->> ${keyIn('processed_s3_url')}`,
    [urls, lost],
  );
}

async function insertRows(client: Client, { backupId }: BackedProduct): Promise<void> {
  await client.query(
    `select set_config('intellipost.actor', 'operator', true), set_config('intellipost.reason', $1, true)`,
    [`restored from backup ${backupId}`],
  );
  await client.query(`
    insert into products (id, user_id, prompt_text, legal_hold, created_at)
      select id, user_id, prompt_text, legal_hold, created_at from back_products;
    insert into product_images select * from back_product_images;
    insert into image_variants select * from back_image_variants`);
}

/** In what order a product comes to each status; `failed` follows the one it failed from. */
const WAY = ['uploading', 'processing', 'ready', 'publishing', 'published'];

/**
 * Along the edges of the lifecycle. One that was being published is `ready`: a worker may have published it since, and its seller
 * knows. What the changes have written into the history gives way to the history that it had.
 */
async function leadToStatus(client: Client): Promise<string> {
  const { rows } = await client.query<{
    id: string;
    status: string;
    failed_from: string | null;
    processing_error: string | null;
  }>('select id, status, failed_from, processing_error from back_products');
  const [product] = rows;
  if (!product) throw new Error('the product is not staged');
  const isFailed = product.status === 'failed';
  const wanted =
    product.status === 'publishing' ? 'ready' : ((isFailed ? product.failed_from : product.status) ?? 'uploading');
  const lead = (status: string) => client.query('update products set status = $2 where id = $1', [product.id, status]);
  for (const status of WAY.slice(1, WAY.indexOf(wanted) + 1)) await lead(status);
  if (isFailed) {
    await client.query(`select set_config('intellipost.reason', $1, true)`, [product.processing_error ?? '']);
    await lead('failed');
  }
  await client.query(`
    update products p set processing_started_at = b.processing_started_at, processing_completed_at = b.processing_completed_at
      from back_products b where p.id = b.id;
    delete from product_status_history h using back_products b where h.product_id = b.id and exists (select from back_product_status_history);
    insert into product_status_history (product_id, from_status, to_status, event, actor, reason, at)
      select product_id, from_status, to_status, event, actor, reason, at from back_product_status_history order by id`);
  return isFailed ? 'failed' : wanted;
}

/** Its objects are named by rows from this commit on. */
async function settle(client: Client, attempt: AttemptId): Promise<void> {
  const { rowCount } = await client.query(`delete from intents where id = $1 and state = 'open'`, [attempt]);
  if (rowCount !== 1) throw new RestoreRefused('it took so long that its intent expired: repeat it');
}
