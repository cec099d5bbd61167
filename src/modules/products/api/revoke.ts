import { z } from 'zod';
import { sellerProcedure } from '../../../platform/http/procedures';
import { exampleProduct } from './examples';
import { idSchema, productIdOf } from './ids';
import { productSchema } from './schemas';
import type { ProductUseCases } from './use-cases';
import { toWireProduct } from './wire';

export function revokeProcedures({ revokeUrls }: Pick<ProductUseCases, 'revokeUrls'>) {
  return {
    revokeUrls: sellerProcedure
      .meta({
        openapi: {
          method: 'POST',
          path: '/api/products/{id}/revoke-urls',
          tags: ['Products'],
          summary: 'End every URL ever issued for a product',
          description:
            'Once this has answered 200, every URL of its images that was issued before is dead on the store, and the answer carries new ones. Those of an S3 store that the server was moved away from end by themselves, 90 minutes after the move at the latest. In every status; safe to repeat after an error: one object that the store can’t move is answered with STORAGE_UNAVAILABLE, when the URLs of the others are dead. Where a CDN stands in front (CDN_BASE_URL), what it holds ends with its cache.',
        },
        examples: { response: exampleProduct },
        errors: ['PRODUCT_NOT_FOUND', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
      })
      .input(z.strictObject({ id: idSchema }))
      .output(productSchema)
      .mutation(async ({ ctx, input }) => toWireProduct(await revokeUrls(ctx.seller, productIdOf(input.id)))),
  };
}
