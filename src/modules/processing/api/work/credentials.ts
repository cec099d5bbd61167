import { z } from 'zod';
import { exampleOAuth, tokenFields, tokenSchema, tokensOf } from '../../../../platform/http/oauth-tokens';
import { workerProcedure } from '../../../../platform/http/procedures';
import { idSchema, leaseIdOf } from './fields';
import type { WorkUseCases } from './use-cases';

export function refreshCredentialProcedure({ refreshCredential }: Pick<WorkUseCases, 'refreshCredential'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/api/work/leases/{id}/credentials',
        tags: ['Work'],
        summary: 'Keep the tokens that a refresh gave',
        description:
          'A refresh token of MercadoLibre is good for one refresh: whoever refreshes under a publishing lease puts the new tokens here at once, before anything else, or the seller has to connect again. They take the place of those that `spent_refresh_token` belongs to. CONFLICT: it is not what is kept; the seller has connected anew or disconnected, or another worker was first. Then fail the job as retryable: the next claim has what is kept now. Safe to repeat.',
      },
      examples: { request: { spent_refresh_token: 'TG-before', ...exampleOAuth } },
      status: 204,
      errors: ['NOT_FOUND', 'LEASE_LOST', 'CONFLICT'],
    })
    .input(
      z.strictObject({
        id: idSchema,
        spent_refresh_token: tokenSchema,
        ...tokenFields,
      }),
    )
    .output(z.void())
    .mutation(({ ctx, input }) =>
      refreshCredential(ctx.worker, leaseIdOf(input.id), {
        spentRefreshToken: input.spent_refresh_token,
        ...tokensOf(input),
      }),
    );
}
