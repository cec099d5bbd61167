import { and, eq, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { databaseFault } from '../../../platform/database/faults';
import { productImages, products } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { NewProduct, UploadedProducts } from '../domain/upload-ports';
import { imageRow } from './image-row';
import type { StoredUrls } from './stored-url';

export function postgresUploadedProducts(orm: Orm, urls: StoredUrls): UploadedProducts {
  return {
    async insert(tx, seller, product) {
      await actAs(tx, seller);
      const createdAt = await insertProduct(tx, seller, product);
      await ormOf(tx)
        .insert(productImages)
        .values(product.images.map((image) => imageRow(urls, product.id, image)));
      return createdAt;
    },

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

/** The trigger that writes the history asks for it. */
async function actAs(tx: Transaction, seller: Seller): Promise<void> {
  await ormOf(tx).execute(sql`select set_config('intellipost.actor', ${`seller:${seller.userId}`}, true)`);
}

async function insertProduct(tx: Transaction, seller: Seller, product: NewProduct): Promise<Date> {
  try {
    const [row] = await ormOf(tx)
      .insert(products)
      .values({ id: product.id, userId: seller.userId, promptText: product.prompt })
      .returning({ createdAt: products.createdAt });
    if (!row) throw new Error('INSERT … RETURNING gave no row');
    return row.createdAt;
  } catch (error) {
    const { kind } = databaseFault(error);
    if (kind === 'unique') throw new AppError('CONFLICT', 'This X-Upload-Id has been used.', { cause: error });
    if (kind === 'foreign-key') throw new AppError('UNAUTHENTICATED', 'This account is gone.', { cause: error });
    throw error;
  }
}

/** Told by the attempt's folder in the key, so that another attempt's product is never taken for this one's. */
function hasImageOf(id: ProductId, attempt: AttemptId) {
  return sql`exists (select 1 from ${productImages} i where i.product_id = ${id}
    and i.original_s3_url like ${`s3://%/products/${id}/${attempt}/%`})`;
}
