import { and, asc, eq, inArray } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Orm } from '../../../../platform/database/database';
import { imageVariants, productImages } from '../../../../platform/database/schema';
import type { WorkImage } from '../../domain/work/lease';
import type { StoredUrls } from './stored-url';

const thumb = alias(imageVariants, 'thumb');
const model = alias(imageVariants, 'model');

/** The images of these products in order of their positions: one query, however many products there are. */
export async function workImages(
  orm: Orm,
  { keyOf }: StoredUrls,
  products: readonly ProductId[],
): Promise<ReadonlyMap<ProductId, readonly WorkImage[]>> {
  const rows = await orm
    .select({
      productId: productImages.productId,
      id: productImages.id,
      isPrimary: productImages.isPrimary,
      sha256: productImages.sha256,
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
  const key = (url: string | null) => (url === null ? null : keyOf(url));
  const found = new Map<ProductId, WorkImage[]>(products.map((id) => [id, []]));
  for (const { productId, id, isPrimary, sha256, original, processed, thumb, model } of rows) {
    found.get(productId as ProductId)?.push({
      id: id as ImageId,
      isPrimary,
      sha256: sha256 as Sha256,
      keys: { original: key(original), processed: key(processed), thumb: key(thumb), model: key(model) },
    });
  }
  return found;
}
