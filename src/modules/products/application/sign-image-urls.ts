import { AppError } from '../../../kernel/app-error';
import type { ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKind } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { ProductReads } from '../domain/ports';
import { type Signing, signKey } from './signed-product';

export interface ImageUrl {
  readonly imageId: ImageId;
  readonly variant: ObjectKind;
  /** Both null where the variant is not made yet. */
  readonly url: string | null;
  readonly expiresAt: Date | null;
}

export interface ImageUrlsRequest {
  readonly productIds: readonly ProductId[];
  readonly variant: ObjectKind;
  /** 60–3600; absent: the configured life of URLs. */
  readonly expiresInSeconds?: number | undefined;
}

/**
 * URLs of one variant of every image, in the order of the products asked for and of their images' positions.
 * @throws AppError PRODUCT_NOT_FOUND when any of them is not the seller's: then no URL at all is issued
 */
export const signImageUrls =
  (deps: Signing & { readonly products: Pick<ProductReads, 'images'> }) =>
  async (seller: Seller, { productIds, variant, expiresInSeconds }: ImageUrlsRequest): Promise<ImageUrl[]> => {
    const wanted = [...new Set(productIds)];
    const found = await deps.products.images(seller, wanted);
    const images = wanted.flatMap((id) => found.get(id) ?? notFound());
    return images.map(({ id, keys }) => {
      const key = keys[variant];
      const signed = key && signKey(deps, id, variant, key, expiresInSeconds);
      return { imageId: id, variant, url: signed?.url ?? null, expiresAt: signed?.expiresAt ?? null };
    });
  };

function notFound(): never {
  throw new AppError('PRODUCT_NOT_FOUND');
}
