import { z } from 'zod';
import { sellerProcedure } from '../../../platform/http/procedures';
import { EXAMPLE_IMAGE_IDS, exampleProduct } from './examples';
import { idSchema, imageIdOf, productIdOf } from './ids';
import { productSchema } from './schemas';
import type { ProductUseCases } from './use-cases';
import { toWireProduct } from './wire';

type ImageUseCases = Pick<ProductUseCases, 'removeImage' | 'reorderImages'>;

export function imageProcedures(useCases: ImageUseCases) {
  return { removeImage: removeImageProcedure(useCases), reorderImages: reorderImagesProcedure(useCases) };
}

function removeImageProcedure({ removeImage }: Pick<ImageUseCases, 'removeImage'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/api/products/{id}/images/{image_id}',
        tags: ['Products'],
        summary: 'Remove an image',
        description:
          'While ready or failed. The last image stays (CONFLICT); where the primary goes, the image with the lowest position becomes it. Under legal hold every image stays (CONFLICT).',
      },
      examples: { response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'IMAGE_NOT_FOUND', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(z.strictObject({ id: idSchema, image_id: idSchema }))
    .output(productSchema)
    .mutation(async ({ ctx, input }) =>
      toWireProduct(await removeImage(ctx.seller, productIdOf(input.id), imageIdOf(input.image_id))),
    );
}

function reorderImagesProcedure({ reorderImages }: Pick<ImageUseCases, 'reorderImages'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/api/products/{id}/image-order',
        tags: ['Products'],
        summary: 'Put the images in a new order',
        description: 'While ready or failed. `image_ids` names every image of the product once, the first one first.',
      },
      examples: { request: { image_ids: [...EXAMPLE_IMAGE_IDS] }, response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'IMAGE_NOT_FOUND', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(z.strictObject({ id: idSchema, image_ids: z.array(idSchema).min(1).max(100) }))
    .output(productSchema)
    .mutation(async ({ ctx, input }) =>
      toWireProduct(await reorderImages(ctx.seller, productIdOf(input.id), input.image_ids.map(imageIdOf))),
    );
}
