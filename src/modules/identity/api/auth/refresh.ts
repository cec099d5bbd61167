import { z } from 'zod';
import { publicProcedure } from '../../../../platform/http/procedures';
import type { Refresh } from '../../application/refresh';
import { deviceOf, toTokensBody } from '../bodies';
import { EXAMPLE_REFRESH_TOKEN, exampleTokens } from '../examples';
import { refreshTokenField, tokensBody } from '../fields';

export const refreshProcedure = (refresh: Refresh) =>
  publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/auth/refresh',
        tags: ['Auth'],
        summary: 'Trade a refresh token for new tokens',
        description: 'The old refresh token is spent. One that comes a second time ends the whole session.',
        protect: false,
      },
      examples: { request: { refresh_token: EXAMPLE_REFRESH_TOKEN }, response: exampleTokens },
      errors: ['UNAUTHENTICATED'],
    })
    .input(z.strictObject({ refresh_token: refreshTokenField }))
    .output(tokensBody)
    .mutation(async ({ ctx, input }) => toTokensBody(await refresh(input.refresh_token, deviceOf(ctx))));
