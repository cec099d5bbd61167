import { z } from 'zod';
import { sellerProcedure } from '../../../platform/http/procedures';
import { EXAMPLE_IMAGE_IDS, EXAMPLE_PROMPT, exampleProduct } from './examples';
import { idSchema, imageIdOf, productIdOf } from './ids';
import { productSchema, promptSchema } from './schemas';
import type { ProductUseCases } from './use-cases';
import { toWireProduct } from './wire';

type EditUseCases = Pick<ProductUseCases, 'editPrompt' | 'deleteProduct' | 'setPrimaryImage'>;

export function editProcedures(useCases: EditUseCases) {
  return {
    update: updateProcedure(useCases),
    delete: deleteProcedure(useCases),
    setPrimaryImage: setPrimaryImageProcedure(useCases),
  };
}

function updateProcedure({ editPrompt }: Pick<EditUseCases, 'editPrompt'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'PATCH',
        path: '/api/products/{id}',
        tags: ['Products'],
        summary: 'Change the prompt',
        description: 'While uploading, ready or failed; else CONFLICT.',
      },
      examples: { request: { prompt_text: EXAMPLE_PROMPT }, response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'INVALID_PROMPT', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        prompt_text: promptSchema,
      }),
    )
    .output(productSchema)
    .mutation(async ({ ctx, input }) =>
      toWireProduct(await editPrompt(ctx.seller, productIdOf(input.id), input.prompt_text)),
    );
}

function deleteProcedure({ deleteProduct }: Pick<EditUseCases, 'deleteProduct'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/api/products/{id}',
        tags: ['Products'],
        summary: 'Delete a product with its images',
        description:
          'It is gone at once, in whichever status; its objects follow within moments. Under legal hold it stays (CONFLICT).',
      },
      status: 204,
      errors: ['PRODUCT_NOT_FOUND', 'CONFLICT'],
    })
    .input(z.strictObject({ id: idSchema }))
    .output(z.void())
    .mutation(({ ctx, input }) => deleteProduct(ctx.seller, productIdOf(input.id)));
}

function setPrimaryImageProcedure({ setPrimaryImage }: Pick<EditUseCases, 'setPrimaryImage'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/api/products/{id}/primary-image',
        tags: ['Products'],
        summary: 'Choose the primary image',
        description: 'In every status but publishing and published; there CONFLICT.',
      },
      examples: { request: { image_id: EXAMPLE_IMAGE_IDS[0] }, response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'IMAGE_NOT_FOUND', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(z.strictObject({ id: idSchema, image_id: idSchema }))
    .output(productSchema)
    .mutation(async ({ ctx, input }) =>
      toWireProduct(await setPrimaryImage(ctx.seller, productIdOf(input.id), imageIdOf(input.image_id))),
    );
}
