import { z } from 'zod';
import { workerProcedure } from '../../../../platform/http/procedures';
import { idSchema, leaseIdOf, textSchema, timeSchema } from './fields';
import { imagesSchema, toWireImages, variantSchema } from './images';
import type { WorkUseCases } from './use-cases';

export function leaseUrlsProcedure({ leaseUrls }: Pick<WorkUseCases, 'leaseUrls'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/urls',
        tags: ['Work'],
        summary: 'Get fresh URLs of the images of a lease',
        description:
          'Of the images as they are now: what a seller revokes moves. An original may say where it was taken; it is given only when it is named here, and that is kept in the log.',
      },
      errors: ['NOT_FOUND', 'LEASE_LOST'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        variants: z.array(variantSchema).min(1).max(4).default(['model', 'thumb']),
      }),
    )
    .output(z.object({ images: imagesSchema }))
    .mutation(async ({ ctx, input }) => ({
      images: toWireImages(await leaseUrls(ctx.worker, leaseIdOf(input.id), [...new Set(input.variants)])),
    }));
}

export function heartbeatProcedure({ heartbeat }: Pick<WorkUseCases, 'heartbeat'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/heartbeat',
        tags: ['Work'],
        summary: 'Keep a lease',
        description:
          'It lives for `lease_seconds` from now. Progress and message are told to the seller. LEASE_LOST, or NOT_FOUND where the seller has deleted the product: drop the work.',
      },
      errors: ['NOT_FOUND', 'LEASE_LOST'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        progress: z.number().min(0).max(100).optional().meta({ description: 'Per cent; told in whole ones.' }),
        message: textSchema(500).optional(),
      }),
    )
    .output(z.object({ lease_id: idSchema, lease_expires_at: timeSchema }))
    .mutation(async ({ ctx, input }) => {
      const id = leaseIdOf(input.id);
      const progress = input.progress === undefined ? null : Math.round(input.progress);
      const told = { progress, message: input.message ?? null };
      return { lease_id: id, lease_expires_at: (await heartbeat(ctx.worker, id, told)).toISOString() };
    });
}
