import { and, eq, inArray, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { productImages, products } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { ProductWrites } from '../domain/ports';
import type { Quota } from '../domain/quota';
import { imageRow } from './image-row';
import { quotaValues } from './postgres-seller-ledger';
import { findProduct } from './product-reads';
import type { StoredUrls } from './stored-url';

const ownedBy = (seller: Seller, id: ProductId) => and(eq(products.id, id), eq(products.userId, seller.userId));

/** Images of a product of the seller's: none where it is another's, whatever the caller has checked. */
const imagesOwnedBy = (orm: Orm, seller: Seller, id: ProductId) =>
  inArray(productImages.productId, orm.select({ id: products.id }).from(products).where(ownedBy(seller, id)));

export function productWrites(urls: StoredUrls, quota: Quota): ProductWrites {
  return {
    async lock(tx, seller, id) {
      const orm = ormOf(tx);
      // A statement of its own: the read that follows sees what the transactions before this one have committed.
      const locked = await lockRow(orm, seller, id);
      return locked ? findProduct(orm, urls, seller, id) : null;
    },

    async reload(tx, seller, id) {
      const product = await findProduct(ormOf(tx), urls, seller, id);
      if (!product) throw new AppError('PRODUCT_NOT_FOUND');
      return product;
    },

    async setPrompt(tx, seller, id, promptText) {
      await ormOf(tx).update(products).set({ promptText }).where(ownedBy(seller, id));
    },

    setPrimary,

    async setOrder(tx, seller, id, order) {
      const orm = ormOf(tx);
      // One statement, because positions are unique at its end and not before.
      const position = sql<number>`array_position(${sql.param(order)}::uuid[], ${productImages.id}) - 1`;
      await orm
        .update(productImages)
        .set({ position })
        .where(imagesOwnedBy(orm, seller, id));
      await touch(orm, seller, id);
    },

    async addImages(tx, seller, id, images) {
      const orm = ormOf(tx);
      if (!(await lockRow(orm, seller, id))) throw new AppError('PRODUCT_NOT_FOUND');
      const [mostProducts, mostBytes] = quotaValues(quota);
      await orm.execute(sql`select set_config('intellipost.quota_products', ${mostProducts}, true),
        set_config('intellipost.quota_bytes', ${mostBytes}, true)`);
      await orm.insert(productImages).values(images.map((image) => imageRow(urls, id, image)));
    },

    async removeImage(tx, seller, id, imageId) {
      const orm = ormOf(tx);
      await orm.delete(productImages).where(and(eq(productImages.id, imageId), imagesOwnedBy(orm, seller, id)));
    },

    async remove(tx, seller, id) {
      const removed = await ormOf(tx).delete(products).where(ownedBy(seller, id)).returning({ id: products.id });
      return removed.length === 1;
    },
  };
}

async function lockRow(orm: Orm, seller: Seller, id: ProductId): Promise<boolean> {
  const rows = await orm.select({ id: products.id }).from(products).where(ownedBy(seller, id)).for('no key update');
  return rows.length === 1;
}

/** Cleared first, then set: the index that allows one primary is checked row by row. */
async function setPrimary(tx: Transaction, seller: Seller, id: ProductId, imageId: ImageId): Promise<void> {
  const orm = ormOf(tx);
  const owned = imagesOwnedBy(orm, seller, id);
  await orm.update(productImages).set({ isPrimary: false }).where(and(owned, productImages.isPrimary));
  await orm
    .update(productImages)
    .set({ isPrimary: true })
    .where(and(owned, eq(productImages.id, imageId)));
  await touch(orm, seller, id);
}

/** The product's images are part of what was updated. */
async function touch(orm: Orm, seller: Seller, id: ProductId): Promise<void> {
  await orm.update(products).set({ updatedAt: sql`now()` }).where(ownedBy(seller, id));
}
