import { and, eq, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { Orm } from '../../../platform/database/database';
import { imageVariants, productImages, productStatusHistory, products } from '../../../platform/database/schema';
import type { ImagesOfProduct } from '../domain/ports';
import type { Product, StatusChange } from '../domain/product';
import { toKeys, toProduct, toStatusChange } from './product-rows';
import type { StoredUrls } from './stored-url';

const thumb = alias(imageVariants, 'thumb');
const model = alias(imageVariants, 'model');
const thumbOfImage = and(eq(thumb.imageId, productImages.id), eq(thumb.variant, 'thumb'));
const modelOfImage = and(eq(model.imageId, productImages.id), eq(model.variant, 'model'));

export async function findProduct(orm: Orm, urls: StoredUrls, seller: Seller, id: ProductId): Promise<Product | null> {
  const rows = await productById(orm).execute({ id, userId: seller.userId });
  return rows[0] ? toProduct(urls, rows[0].product, rows) : null;
}

const preparedProductById = new WeakMap<Orm, ReturnType<typeof prepareProductById>>();

/** Built once for each connection, and parsed there once: to build it takes longer than the database needs to answer it. */
function productById(orm: Orm): ReturnType<typeof prepareProductById> {
  const prepared = preparedProductById.get(orm) ?? prepareProductById(orm);
  preparedProductById.set(orm, prepared);
  return prepared;
}

function prepareProductById(orm: Orm) {
  return orm
    .select({ product: products, image: productImages, thumb: thumb.s3Url, model: model.s3Url })
    .from(products)
    .leftJoin(productImages, eq(productImages.productId, products.id))
    .leftJoin(thumb, thumbOfImage)
    .leftJoin(model, modelOfImage)
    .where(and(eq(products.id, sql.placeholder('id')), eq(products.userId, sql.placeholder('userId'))))
    .orderBy(productImages.position)
    .prepare('find_product');
}

export async function findImages(
  orm: Orm,
  urls: StoredUrls,
  seller: Seller,
  ids: readonly ProductId[],
): Promise<ReadonlyMap<ProductId, ImagesOfProduct>> {
  const rows = await orm
    .select({
      productId: products.id,
      imageId: productImages.id,
      original: productImages.originalS3Url,
      processed: productImages.processedS3Url,
      thumb: thumb.s3Url,
      model: model.s3Url,
    })
    .from(products)
    .leftJoin(productImages, eq(productImages.productId, products.id))
    .leftJoin(thumb, thumbOfImage)
    .leftJoin(model, modelOfImage)
    .where(and(inArray(products.id, [...ids]), eq(products.userId, seller.userId)))
    .orderBy(products.id, productImages.position);
  const found = new Map<ProductId, ImagesOfProduct[number][]>();
  for (const { productId, imageId, original, ...variants } of rows) {
    const images = found.get(productId as ProductId) ?? [];
    if (imageId && original) images.push({ id: imageId as ImageId, keys: toKeys(urls, { original, ...variants }) });
    found.set(productId as ProductId, images);
  }
  return found;
}

export async function findHistory(orm: Orm, seller: Seller, id: ProductId): Promise<readonly StatusChange[] | null> {
  const rows = await orm
    .select({ change: productStatusHistory })
    .from(products)
    .leftJoin(productStatusHistory, eq(productStatusHistory.productId, products.id))
    .where(and(eq(products.id, id), eq(products.userId, seller.userId)))
    .orderBy(productStatusHistory.id);
  if (rows.length === 0) return null;
  return rows.flatMap(({ change }) => (change ? [toStatusChange(change)] : []));
}
