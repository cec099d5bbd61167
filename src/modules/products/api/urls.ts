import { z } from 'zod';
import { mayBeLeftOut } from '../../../platform/http/may-be-left-out';
import { sellerProcedure } from '../../../platform/http/procedures';
import { EXAMPLE_PRODUCT_ID, exampleUrls } from './examples';
import { idSchema, productIdOf } from './ids';
import { imageUrlsSchema, variantSchema } from './schemas';
import type { ProductUseCases } from './use-cases';
import { toWireUrls } from './wire';

type UrlUseCases = Pick<ProductUseCases, 'signImageUrls'>;

const wanted = {
  variant: variantSchema,
  expires_in: mayBeLeftOut(
    z.int().min(60).max(3600).meta({
      description:
        'Seconds that the URL works at least, or until the session of the store’s credentials ends; `expires_at` says how long it really does. Default: URL_TTL_SECONDS.',
    }),
  ),
};

export function urlProcedures({ signImageUrls }: UrlUseCases) {
  return {
    imageUrls: sellerProcedure
      .meta({
        openapi: {
          method: 'POST',
          path: '/api/products/{id}/image-urls',
          tags: ['Products'],
          summary: 'Sign URLs of one variant of all images of a product',
          description: 'In order of the positions; `url` is null for a variant that is not made yet.',
        },
        examples: { request: { variant: 'thumb', expires_in: 900 }, response: exampleUrls },
        errors: ['PRODUCT_NOT_FOUND', 'STORAGE_UNAVAILABLE'],
      })
      .input(z.strictObject({ id: idSchema, ...wanted }))
      .output(imageUrlsSchema)
      .mutation(async ({ ctx, input: { id, variant, expires_in } }) => {
        const productIds = [productIdOf(id)];
        return toWireUrls(await signImageUrls(ctx.seller, { productIds, variant, expiresInSeconds: expires_in }));
      }),

    imageUrlsBatch: sellerProcedure
      .meta({
        openapi: {
          method: 'POST',
          path: '/api/image-urls',
          tags: ['Products'],
          summary: 'Sign URLs of the images of many products',
          description:
            'In the order of `products`, then of the positions. If one of them is not yours, the whole call answers PRODUCT_NOT_FOUND.',
        },
        examples: { request: { products: [EXAMPLE_PRODUCT_ID], variant: 'thumb' }, response: exampleUrls },
        errors: ['PRODUCT_NOT_FOUND', 'STORAGE_UNAVAILABLE'],
      })
      .input(z.strictObject({ products: z.array(idSchema).min(1).max(100), ...wanted }))
      .output(imageUrlsSchema)
      .mutation(async ({ ctx, input: { products, variant, expires_in } }) => {
        const productIds = products.map(productIdOf);
        return toWireUrls(await signImageUrls(ctx.seller, { productIds, variant, expiresInSeconds: expires_in }));
      }),
  };
}
