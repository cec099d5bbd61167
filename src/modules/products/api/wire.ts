import type { z } from 'zod';
import type { ImageUrl } from '../application/sign-image-urls';
import type { SignedImage, SignedProduct, SignedSummary } from '../application/signed-product';
import type { StatusChange } from '../domain/product';
import type { historySchema, imageUrlsSchema, pageSchema, productSchema } from './schemas';

type Wire = {
  product: z.infer<typeof productSchema>;
  summary: z.infer<typeof pageSchema>['products'][number];
  image: z.infer<typeof productSchema>['images'][number];
  urls: z.infer<typeof imageUrlsSchema>;
  history: z.infer<typeof historySchema>;
};

export function toWireSummary(summary: SignedSummary): Wire['summary'] {
  return {
    id: summary.id,
    status: summary.status,
    prompt_text: summary.promptText,
    image_count: summary.imageCount,
    primary_image_url: summary.primaryImageUrl,
    created_at: summary.createdAt.toISOString(),
    updated_at: summary.updatedAt.toISOString(),
  };
}

export function toWireProduct(product: SignedProduct): Wire['product'] {
  return {
    ...toWireSummary(product),
    failed_from: product.failedFrom,
    processing_started_at: product.processingStartedAt?.toISOString() ?? null,
    processing_completed_at: product.processingCompletedAt?.toISOString() ?? null,
    processing_error: product.processingError,
    images: product.images.map(toWireImage),
  };
}

function toWireImage(image: SignedImage): Wire['image'] {
  return {
    id: image.id,
    original_url: image.urls.original,
    processed_url: image.urls.processed,
    thumb_url: image.urls.thumb,
    is_primary: image.isPrimary,
    position: image.position,
    file_size_bytes: image.fileSizeBytes,
    file_format: image.fileFormat,
    resolution_width: image.resolutionWidth,
    resolution_height: image.resolutionHeight,
    sha256: image.sha256,
    uploaded_at: image.uploadedAt.toISOString(),
    ...(image.damaged ? { damaged: true } : {}),
    ...(image.refused === null ? {} : { refused: image.refused }),
  };
}

export function toWireUrls(urls: readonly ImageUrl[]): Wire['urls'] {
  return {
    urls: urls.map(({ imageId, variant, url, expiresAt }) => ({
      image_id: imageId,
      variant,
      url,
      expires_at: expiresAt?.toISOString() ?? null,
    })),
  };
}

export function toWireHistory(history: readonly StatusChange[]): Wire['history'] {
  return { history: history.map((change) => ({ ...change, actor: shown(change.actor), at: change.at.toISOString() })) };
}

/**
 * A change made by plain SQL carries the name of a database role (drizzle/0001_integrity.sql), which is none of a seller's business. Of
 * sellers there is one who may ask, so no id need follow.
 */
function shown(actor: string): string {
  if (actor.startsWith('sql:')) return 'operator';
  return actor.startsWith('seller:') ? 'seller' : actor;
}
