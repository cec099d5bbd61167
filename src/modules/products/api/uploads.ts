import { z } from 'zod';
import type { ErrorCode } from '../../../kernel/error-codes';
import { multipartInput } from '../../../platform/http/multipart-input';
import { sellerProcedure } from '../../../platform/http/procedures';
import type { UploadBody } from '../domain/upload-body';
import { EXAMPLE_PRODUCT_ID, exampleCreated, exampleProduct } from './examples';
import { idSchema, productIdOf } from './ids';
import { productSchema } from './schemas';
import { addImagesForm, createForm } from './upload-form';
import { idempotencyKeyOf, replayedHeader, uploadIdOf } from './upload-headers';
import type { ProductUseCases } from './use-cases';
import { toWireProduct } from './wire';

type UploadUseCases = Pick<ProductUseCases, 'createProduct' | 'addImages'>;

/** What receiving photos can be refused for. */
const RECEIVING: readonly ErrorCode[] = [
  'MALFORMED_REQUEST',
  'REQUEST_TIMEOUT',
  'IMAGE_TOO_LARGE',
  'REQUEST_TOO_LARGE',
  'INVALID_IMAGE',
  'TOO_MANY_IMAGES',
  'UNSUPPORTED_FORMAT',
  'RESOLUTION_TOO_LOW',
  'RESOLUTION_TOO_HIGH',
  'QUOTA_EXCEEDED',
  'STORAGE_UNAVAILABLE',
  'OVERLOADED',
];

const createdSchema = z.object({
  id: idSchema,
  status: z.literal('uploading'),
  prompt_text: z.string(),
  image_count: z.int(),
  created_at: z.iso.datetime(),
  estimated_processing_time_seconds: z.int(),
});

export function uploadProcedures(useCases: UploadUseCases) {
  return { create: createProcedure(useCases), addImages: addImagesProcedure(useCases) };
}

function createProcedure({ createProduct }: Pick<UploadUseCases, 'createProduct'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/products',
        tags: ['Products'],
        summary: 'Create a product of photos and a prompt',
        description:
          'Once this has answered 201, the photos are kept. With an Idempotency-Key a request may be repeated safely: the same content gets the first answer and the header `idempotency-replayed: true`.',
        contentTypes: ['multipart/form-data'],
        requestHeaders: z.object({
          'Idempotency-Key': z.string().min(1).max(255).optional(),
          'X-Upload-Id': z.uuidv7().optional().meta({
            description:
              'Becomes the id of the product, so that its upload can be followed from the start. CONFLICT where a product has it already, or an open direct upload, another seller’s too: the one place where an id of somebody else’s is not answered as an unknown one. Make a new UUIDv7 for each product.',
          }),
        }),
        responseHeaders: z.object({
          Location: z
            .string()
            .meta({ description: 'Path of the product.', example: `/api/products/${EXAMPLE_PRODUCT_ID}` }),
          ...replayedHeader,
        }),
      },
      examples: { response: exampleCreated },
      status: 201,
      multipart: true,
      errors: [...RECEIVING, 'INVALID_PROMPT', 'CONFLICT', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_MISMATCH'],
    })
    .input(multipartInput<UploadBody>(createForm))
    .output(createdSchema)
    .mutation(async ({ ctx, input }) => {
      const { product, replayed } = await createProduct(ctx.seller, {
        body: input.body,
        idempotencyKey: idempotencyKeyOf(ctx.headers),
        productId: uploadIdOf(ctx.headers),
      });
      ctx.responseHeaders.set('location', `/api/products/${product.id}`);
      if (replayed) ctx.responseHeaders.set('idempotency-replayed', 'true');
      return product;
    });
}

function addImagesProcedure({ addImages }: Pick<UploadUseCases, 'addImages'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/products/{id}/images',
        tags: ['Products'],
        summary: 'Add photos behind those a product has',
        description: 'While ready or failed. By tRPC the form names its product in the field `id`.',
        contentTypes: ['multipart/form-data'],
      },
      examples: { response: exampleProduct },
      multipart: true,
      errors: [...RECEIVING, 'PRODUCT_NOT_FOUND', 'CONFLICT'],
    })
    .input(multipartInput<UploadBody>(addImagesForm))
    .output(productSchema)
    .mutation(async ({ ctx, input: { body, params } }) => {
      const productId = params.id === undefined ? null : productIdOf(params.id);
      return toWireProduct(await addImages(ctx.seller, { body, productId }));
    });
}
