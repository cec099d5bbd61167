import { z } from 'zod';
import { sellerProcedure } from '../../../platform/http/procedures';
import type { LedOn } from '../application/lead-on';
import { exampleLedOn } from './examples';
import { idSchema, productIdOf } from './ids';
import { statusSchema } from './schemas';
import type { ProductUseCases } from './use-cases';

const ledOnSchema = z.object({
  status: statusSchema,
  estimated_completion_seconds: z.int().meta({ description: 'From the queue’s length and what the last ones took.' }),
  websocket_url: z.string().meta({ format: 'uri', description: 'Where its events can be followed.' }),
});

/** What an owner has done with a product: one route for each. */
export function lifecycleProcedures({ leadOn }: Pick<ProductUseCases, 'leadOn'>) {
  const procedure = (
    route: 'retry' | 'regenerate' | 'publish',
    event: Parameters<typeof leadOn>[2],
    says: { summary: string; description: string },
  ) =>
    sellerProcedure
      .meta({
        openapi: { method: 'POST', path: `/api/products/{id}/${route}`, tags: ['Products'], ...says },
        examples: { response: { ...exampleLedOn, status: route === 'publish' ? 'publishing' : 'processing' } },
        status: 202,
        errors: ['PRODUCT_NOT_FOUND', 'INVALID_TRANSITION', 'CONFLICT'],
      })
      .input(z.strictObject({ id: idSchema }))
      .output(ledOnSchema)
      .mutation(async ({ ctx, input }) => toWire(await leadOn(ctx.seller, productIdOf(input.id), event)));
  return {
    retry: procedure('retry', 'RETRY', {
      summary: 'Try the phase that failed again',
      description:
        'Of a product that failed in processing or publishing. One whose upload failed has nothing to repeat.',
    }),
    regenerate: procedure('regenerate', 'REGENERATE', {
      summary: 'Have a ready product processed again',
      description: 'Such as after another prompt or other photos.',
    }),
    publish: procedure('publish', 'PUBLISH', {
      summary: 'Have a ready product published',
      description: 'It is published when a publishing worker says so.',
    }),
  };
}

function toWire({ status, estimatedSeconds, websocketUrl }: LedOn): z.infer<typeof ledOnSchema> {
  return { status, estimated_completion_seconds: estimatedSeconds, websocket_url: websocketUrl };
}
