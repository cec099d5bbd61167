import type { ImageId, ProductId } from '../../../kernel/ids';
import type { Sha256 } from '../../../kernel/sha256';
import type { imageVariants, productImages, productStatusHistory, products } from '../../../platform/database/schema';
import type { ImageFormat } from '../domain/images/image-facts';
import type { Status } from '../domain/lifecycle';
import type { ImageKeys, Product, ProductImage, ProductSummary, StatusChange } from '../domain/product';
import type { StoredUrls } from './stored-url';

// Rows become the domain's types here. What the casts claim, the tables' CHECKs and types hold.

export interface KeyColumns {
  readonly original: string;
  readonly processed: string | null;
  readonly thumb: typeof imageVariants.$inferSelect.s3Url | null;
  readonly model: typeof imageVariants.$inferSelect.s3Url | null;
}

export interface ImageRow {
  /** Null for a product without images: it is left-joined. */
  readonly image: typeof productImages.$inferSelect | null;
  readonly thumb: string | null;
  readonly model: string | null;
}

export interface SummaryRow {
  readonly id: string;
  readonly status: string;
  readonly promptText: string;
  readonly imageCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function toKeys(urls: StoredUrls, columns: KeyColumns): ImageKeys {
  const orNull = (url: string | null) => (url === null ? null : urls.keyOf(url));
  return {
    original: urls.keyOf(columns.original),
    processed: orNull(columns.processed),
    thumb: orNull(columns.thumb),
    model: orNull(columns.model),
  };
}

export function toProduct(
  urls: StoredUrls,
  row: typeof products.$inferSelect,
  imageRows: readonly ImageRow[],
): Product {
  return {
    ...toListed(row),
    failedFrom: row.failedFrom as Status | null,
    processingStartedAt: row.processingStartedAt,
    processingCompletedAt: row.processingCompletedAt,
    processingError: row.processingError,
    images: imageRows.flatMap((one) => (one.image ? [toImage(urls, one.image, one)] : [])),
  };
}

function toImage(
  urls: StoredUrls,
  image: typeof productImages.$inferSelect,
  variants: Pick<KeyColumns, 'thumb' | 'model'>,
): ProductImage {
  return {
    id: image.id as ImageId,
    isPrimary: image.isPrimary,
    position: image.position,
    fileSizeBytes: image.fileSizeBytes,
    fileFormat: image.fileFormat as ImageFormat,
    resolutionWidth: image.resolutionWidth,
    resolutionHeight: image.resolutionHeight,
    sha256: image.sha256 as Sha256,
    uploadedAt: image.uploadedAt,
    damaged: image.damagedAt !== null,
    refused: refusalOf(image),
    keys: toKeys(urls, { original: image.originalS3Url, processed: image.processedS3Url, ...variants }),
  };
}

/** The decoder's mark, which nobody else can set (docs/adr/0020). */
function refusalOf({ preparedAt, processingMetadata }: typeof productImages.$inferSelect): string | null {
  const { prepare_refused: why } = (processingMetadata ?? {}) as { prepare_refused?: unknown };
  return preparedAt === null && typeof why === 'string' ? why : null;
}

export function toListed(row: SummaryRow): Omit<ProductSummary, 'primary'> {
  return {
    id: row.id as ProductId,
    status: row.status as Status,
    promptText: row.promptText,
    imageCount: row.imageCount,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

export function toStatusChange(row: typeof productStatusHistory.$inferSelect): StatusChange {
  return {
    from: row.fromStatus as StatusChange['from'],
    to: row.toStatus as Status,
    event: row.event as StatusChange['event'],
    actor: row.actor,
    reason: row.reason,
    at: row.at,
  };
}
