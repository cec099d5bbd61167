import { z } from 'zod';
import { AppError } from '../../../../kernel/app-error';
import { mayBeLeftOut } from '../../../../platform/http/may-be-left-out';
import { workerProcedure } from '../../../../platform/http/procedures';
import type { LeaseId, WorkAnswer } from '../../domain/work/lease';
import { exampleCompletion, exampleFailure } from './examples';
import { cutTextSchema, idSchema, imageIdOf, jsonSchema, leaseIdOf, timeSchema } from './fields';
import type { WorkUseCases } from './use-cases';

const endedShape = {
  lease_id: idSchema,
  product_id: idSchema,
  status: z.string().meta({ description: 'Of the product, when the lease ended.' }),
};
const completedSchema = z.object({ ...endedShape, result: z.record(z.string(), z.unknown()).optional() });
const failedSchema = z.object({
  ...endedShape,
  retry_at: timeSchema.nullable().meta({ description: 'When it may be claimed again; null where it has failed.' }),
});

const completedImageSchema = z.strictObject({
  image_id: idSchema,
  processing_metadata: mayBeLeftOut(jsonSchema),
});

export function completeProcedure({ completeWork }: Pick<WorkUseCases, 'completeWork'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/complete',
        tags: ['Work'],
        summary: 'End the work with success',
        description:
          'Of the images named here, those that were announced must be stored as announced, and take the place of the processed images before; one that was not announced gets its metadata alone. What was announced and is not named is thrown away. UPLOAD_INCOMPLETE names in `details.images` each one that is missing or wrong, as for a direct upload. `result` is kept with the lease. Asked again, it answers the same.',
      },
      examples: exampleCompletion,
      errors: ['NOT_FOUND', 'LEASE_LOST', 'IMAGE_NOT_FOUND', 'UPLOAD_INCOMPLETE', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        images: z.array(completedImageSchema).max(100),
        result: mayBeLeftOut(jsonSchema),
      }),
    )
    .output(completedSchema)
    .mutation(async ({ ctx, input }) => {
      const id = leaseIdOf(input.id);
      const images = input.images.map((image) => ({
        imageId: imageIdOf(image.image_id),
        processingMetadata: image.processing_metadata ?? null,
      }));
      if (new Set(images.map(({ imageId }) => imageId)).size < images.length) {
        throw new AppError('VALIDATION_FAILED', 'An image was named twice.', { details: { field: 'images' } });
      }
      const answer = await completeWork(ctx.worker, id, { images, result: input.result ?? null });
      return { ...ended(id, answer), ...(answer.result ? { result: { ...answer.result } } : {}) };
    });
}

export function failProcedure({ failWork }: Pick<WorkUseCases, 'failWork'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/fail',
        tags: ['Work'],
        summary: 'End the work without success',
        description:
          'What is `retryable` is given to a worker again after a while, until its attempts are used up. Else the product fails, and the seller reads `error`. Asked again, it answers the same.',
      },
      examples: exampleFailure,
      errors: ['NOT_FOUND', 'LEASE_LOST'],
    })
    .input(z.strictObject({ id: idSchema, error: cutTextSchema(1000), retryable: z.boolean() }))
    .output(failedSchema)
    .mutation(async ({ ctx, input }) => {
      const id = leaseIdOf(input.id);
      const answer = await failWork(ctx.worker, id, { error: input.error, retryable: input.retryable });
      return { ...ended(id, answer), retry_at: answer.retryAt ?? null };
    });
}

function ended(id: LeaseId, { productId, status }: WorkAnswer) {
  return { lease_id: id, product_id: productId, status };
}
