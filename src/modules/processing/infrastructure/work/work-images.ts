import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import { requireSignable } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Orm } from '../../../../platform/database/database';
import { imageVariants, productImages } from '../../../../platform/database/schema';
import type { WorkImage } from '../../domain/work/lease';
import type { StoredUrls } from './stored-url';

const thumb = alias(imageVariants, 'thumb');
const model = alias(imageVariants, 'model');

const isRefused = sql<boolean>`${productImages.preparedAt} is null
  and coalesce(${productImages.processingMetadata} ? 'prepare_refused', false)`;

type ImageRow = Awaited<ReturnType<typeof imageRows>>[number];

/**
 * The images of these products in order of their positions: one query, however many products there are.
 * @returns for each product a function that names its objects, so that a row which cannot be read spoils no other product
 * @throws by that function: AppError INTERNAL for a row whose bucket is not known, TypeError for one whose key is none, or is of what was
 * put aside
 */
export async function workImages(
  orm: Orm,
  urls: StoredUrls,
  products: readonly ProductId[],
): Promise<(product: ProductId) => readonly WorkImage[]> {
  const rows = Map.groupBy(await imageRows(orm, products), ({ productId }) => productId as ProductId);
  return (product) => (rows.get(product) ?? []).map((row) => toWorkImage(urls, row));
}

function imageRows(orm: Orm, products: readonly ProductId[]) {
  return orm
    .select({
      productId: productImages.productId,
      id: productImages.id,
      isPrimary: productImages.isPrimary,
      sha256: productImages.sha256,
      isRefused,
      original: productImages.originalS3Url,
      processed: productImages.processedS3Url,
      thumb: thumb.s3Url,
      model: model.s3Url,
    })
    .from(productImages)
    .leftJoin(thumb, and(eq(thumb.imageId, productImages.id), eq(thumb.variant, 'thumb')))
    .leftJoin(model, and(eq(model.imageId, productImages.id), eq(model.variant, 'model')))
    .where(inArray(productImages.productId, [...products]))
    .orderBy(asc(productImages.productId), asc(productImages.position));
}

function toWorkImage({ keyOf }: StoredUrls, row: ImageRow): WorkImage {
  const key = (url: string | null) => (url === null ? null : requireSignable(keyOf(url)));
  return {
    id: row.id as ImageId,
    isPrimary: row.isPrimary,
    sha256: row.sha256 as Sha256,
    isRefused: row.isRefused,
    keys: {
      original: key(row.original),
      processed: key(row.processed),
      thumb: key(row.thumb),
      model: key(row.model),
    },
  };
}
