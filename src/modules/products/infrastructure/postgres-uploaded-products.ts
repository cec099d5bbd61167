import { and, eq, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { databaseFault } from '../../../platform/database/faults';
import { ofLivingAccount } from '../../../platform/database/of-living-account';
import { type Prepared, runPrepared } from '../../../platform/database/prepared';
import { productImages, products } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import { NO_QUOTA, type Quota } from '../domain/quota';
import type { UploadedProducts } from '../domain/upload-ports';
import { imageRow } from './image-row';
import { quotaValues } from './postgres-seller-ledger';
import type { StoredUrls } from './stored-url';

/**
 * All in one, to spare round trips. The triggers that write the history and move the ledger ask for the actor and the quota.
 * The id of a direct upload that was announced is kept for its completion, which settles the upload before, in the same transaction.
 * No lock is needed: a client knows such an id from a committed announcement alone, so whoever names it sees its row, or, where that
 * has just been completed, the product.
 */
const INSERT: Prepared = {
  name: 'insert_product',
  text: `
    with product as (
      insert into products (id, user_id, prompt_text)
      select $1::uuid, $2::uuid, $3::text from set_config('intellipost.actor', $4, true) as actor,
        set_config('intellipost.quota_products', $6, true) as products, set_config('intellipost.quota_bytes', $7, true) as bytes
      where not exists (select from direct_uploads where product_id = $1::uuid)
      returning id, created_at
    ), images as (
      insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary, put_expires_at)
      select image.* from product, jsonb_to_recordset($5) as image(id uuid, "productId" uuid, "originalS3Url" text,
        sha256 text, "fileSizeBytes" int, "fileFormat" text, "resolutionWidth" int, "resolutionHeight" int,
        position int, "isPrimary" boolean, "putExpiresAt" timestamptz)
    )
    select created_at as "createdAt" from product`,
};

export function postgresUploadedProducts(orm: Orm, urls: StoredUrls, quota: Quota = NO_QUOTA): UploadedProducts {
  return {
    insert: (tx, seller, product) =>
      insertProduct(tx, [
        product.id,
        seller.userId,
        product.prompt,
        `seller:${seller.userId}`,
        JSON.stringify(product.images.map((image) => imageRow(urls, product.id, image))),
        ...quotaValues(quota),
      ]),

    async committed(seller, id, attempt) {
      const [row] = await orm
        .select({ promptText: products.promptText, imageCount: products.imageCount, createdAt: products.createdAt })
        .from(products)
        .where(and(eq(products.id, id), eq(products.userId, seller.userId), hasImageOf(id, attempt)));
      if (!row) return null;
      return {
        id,
        status: 'uploading',
        prompt_text: row.promptText,
        image_count: row.imageCount,
        created_at: row.createdAt.toISOString(),
      };
    },
  };
}

async function insertProduct(tx: Transaction, values: unknown[]): Promise<Date> {
  const insert = () => runPrepared<{ createdAt: Date }>(ormOf(tx), INSERT, values);
  const { rows } = await ofLivingAccount(insert).catch((error: unknown) => {
    const fault = databaseFault(error);
    throw fault.kind === 'unique' && fault.constraint === 'products_pkey' ? taken(error) : error;
  });
  if (!rows[0]) throw taken();
  return rows[0].createdAt;
}

function taken(cause?: unknown): AppError {
  return new AppError('CONFLICT', 'This X-Upload-Id has been used.', { cause });
}

/** Told by the attempt's folder in the key, so that another attempt's product is never taken for this one's. */
function hasImageOf(id: ProductId, attempt: AttemptId) {
  return sql`exists (select 1 from ${productImages} i where i.product_id = ${id}
    and i.original_s3_url like ${`s3://%/products/${id}/${attempt}/%`})`;
}
