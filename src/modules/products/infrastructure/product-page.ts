import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { ImageId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { Orm } from '../../../platform/database/database';
import { imageVariants, productImages, products, sellerLedger } from '../../../platform/database/schema';
import { STATUSES, type Status } from '../domain/lifecycle';
import type { PageRequest, ProductPage } from '../domain/ports';
import { toListed } from './product-rows';
import type { StoredUrls } from './stored-url';

/**
 * The page, its primary images and the total by one statement, hence of one snapshot. The total is read from the seller's
 * ledger and the page from an index in its order: neither looks at the rest of the table.
 */
export async function findPage(orm: Orm, urls: StoredUrls, seller: Seller, request: PageRequest): Promise<ProductPage> {
  const page = pageOf(orm, seller, request);
  const rows = await orm
    .select({
      ledger: sellerLedger,
      id: page.id,
      status: page.status,
      promptText: page.promptText,
      imageCount: page.imageCount,
      createdAt: page.createdAt,
      updatedAt: page.updatedAt,
      primaryId: productImages.id,
      original: productImages.originalS3Url,
      thumb: imageVariants.s3Url,
    })
    .from(sellerLedger)
    .leftJoin(page, sql`true`)
    .leftJoin(productImages, and(eq(productImages.productId, page.id), productImages.isPrimary))
    .leftJoin(imageVariants, and(eq(imageVariants.imageId, productImages.id), eq(imageVariants.variant, 'thumb')))
    .where(eq(sellerLedger.userId, seller.userId))
    .orderBy(desc(page.createdAt), desc(page.id));
  const listed = rows.flatMap((row) => summaryOf(urls, row));
  return {
    products: listed.slice(0, request.limit),
    hasMore: listed.length > request.limit,
    total: rows[0] ? totalOf(rows[0].ledger, request.status) : 0, // no ledger: never had a product
  };
}

/** One product more than the page has, which tells whether there is another page. */
function pageOf(orm: Orm, seller: Seller, { status, limit, from }: PageRequest) {
  const conditions: (SQL | undefined)[] = [eq(products.userId, seller.userId)];
  if (status) conditions.push(eq(products.status, status));
  if ('after' in from) {
    const { createdAt, id } = from.after;
    conditions.push(
      sql`(${products.createdAt}, ${products.id}) < (${createdAt.toISOString()}::timestamptz, ${id}::uuid)`,
    );
  }
  return orm
    .select()
    .from(products)
    .where(and(...conditions))
    .orderBy(desc(products.createdAt), desc(products.id))
    .limit(limit + 1)
    .offset('offset' in from ? from.offset : 0)
    .as('page');
}

type PageRow = { [Column in keyof Parameters<typeof toListed>[0]]: Parameters<typeof toListed>[0][Column] | null } & {
  primaryId: string | null;
  original: string | null;
  thumb: string | null;
};

/** Nothing for the one row that carries the ledger alone, where the page is empty. */
function summaryOf(urls: StoredUrls, row: PageRow) {
  const { id, status, promptText, imageCount, createdAt, updatedAt, primaryId, original, thumb } = row;
  if (id === null || status === null || promptText === null || imageCount === null) return [];
  if (createdAt === null || updatedAt === null) return [];
  const keys = original && { original: urls.keyOf(original), thumb: thumb === null ? null : urls.keyOf(thumb) };
  const primary = primaryId && keys ? { id: primaryId as ImageId, keys } : null;
  return [{ ...toListed({ id, status, promptText, imageCount, createdAt, updatedAt }), primary }];
}

function totalOf(ledger: Readonly<Record<Status, number>>, status: Status | null): number {
  return status ? ledger[status] : STATUSES.reduce((sum, one) => sum + ledger[one], 0);
}
