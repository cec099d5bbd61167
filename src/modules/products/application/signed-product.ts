import type { ImageId } from '../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../kernel/object-key';
import { imageFile } from '../domain/image-file';
import type { ImageUrls, SignedUrl } from '../domain/ports';
import type { Product, ProductImage, ProductSummary } from '../domain/product';

export interface Signing {
  readonly imageUrls: ImageUrls;
  /** How long URLs live where the seller names no time. */
  readonly urlTtlSeconds: number;
}

export interface SignedImage extends ProductImage {
  /** Null for a variant that is not made yet. */
  readonly urls: { readonly original: string; readonly processed: string | null; readonly thumb: string | null };
}

export interface SignedProduct extends Omit<Product, 'images'> {
  readonly images: readonly SignedImage[];
  /** The thumbnail, or the original while there is none; null without images. */
  readonly primaryImageUrl: string | null;
}

export interface SignedSummary extends Omit<ProductSummary, 'primary'> {
  readonly primaryImageUrl: string | null;
}

export function signKey(
  signing: Signing,
  imageId: ImageId,
  kind: ObjectKind,
  key: ObjectKey,
  expiresInSeconds = signing.urlTtlSeconds,
): SignedUrl {
  return signing.imageUrls.sign(key, { ...imageFile(imageId, kind, key), expiresInSeconds });
}

export function signProduct(signing: Signing, product: Product): SignedProduct {
  const images = product.images.map((image) => ({ ...image, urls: urlsOf(signing, image) }));
  const primary = images.find((image) => image.isPrimary);
  return { ...product, images, primaryImageUrl: primary ? (primary.urls.thumb ?? primary.urls.original) : null };
}

function urlsOf(signing: Signing, { id, keys }: ProductImage): SignedImage['urls'] {
  const { original, processed, thumb } = keys;
  return {
    original: signKey(signing, id, 'original', original).url,
    processed: processed && signKey(signing, id, 'processed', processed).url,
    thumb: thumb && signKey(signing, id, 'thumb', thumb).url,
  };
}

export function signSummary(signing: Signing, { primary, ...summary }: ProductSummary): SignedSummary {
  if (!primary) return { ...summary, primaryImageUrl: null };
  const { id, keys } = primary;
  const signed = keys.thumb
    ? signKey(signing, id, 'thumb', keys.thumb)
    : signKey(signing, id, 'original', keys.original);
  return { ...summary, primaryImageUrl: signed.url };
}
