import { z } from 'zod';
import { mayBeLeftOut } from '../../../../platform/http/may-be-left-out';
import { workerProcedure } from '../../../../platform/http/procedures';
import { exampleHeartbeat, exampleUrls } from './examples';
import { idSchema, leaseIdOf, textSchema, timeSchema } from './fields';
import { imagesSchema, toWireImages, variantSchema } from './images';
import type { WorkUseCases } from './use-cases';

const USUAL_VARIANTS: readonly z.infer<typeof variantSchema>[] = ['model', 'thumb'];

export function leaseUrlsProcedure({ leaseUrls }: Pick<WorkUseCases, 'leaseUrls'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/urls',
        tags: ['Work'],
        summary: 'Get fresh URLs of the images of a lease',
        description:
          'Of the images as they are now: what a seller revokes moves. One that the decoder has refused is among them only where something of what is asked for is there, such as its original. An original may say where it was taken; it is given only when it is named here, and that is kept in the log.',
      },
      examples: exampleUrls,
      errors: ['NOT_FOUND', 'LEASE_LOST', 'STORAGE_UNAVAILABLE'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        variants: mayBeLeftOut(z.array(variantSchema).min(1).max(4).meta({ default: USUAL_VARIANTS })),
      }),
    )
    .output(z.object({ images: imagesSchema }))
    .mutation(async ({ ctx, input }) => ({
      images: toWireImages(
        await leaseUrls(ctx.worker, leaseIdOf(input.id), [...new Set(input.variants ?? USUAL_VARIANTS)]),
      ),
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
      examples: exampleHeartbeat,
      errors: ['NOT_FOUND', 'LEASE_LOST'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        progress: mayBeLeftOut(z.number().min(0).max(100).meta({ description: 'Per cent; told in whole ones.' })),
        message: mayBeLeftOut(textSchema(500)),
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
