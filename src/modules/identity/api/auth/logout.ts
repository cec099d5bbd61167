import { z } from 'zod';
import { mayBeLeftOut } from '../../../../platform/http/may-be-left-out';
import { publicProcedure } from '../../../../platform/http/procedures';
import type { LogOut } from '../../application/log-out';
import { EXAMPLE_REFRESH_TOKEN } from '../examples';
import { refreshTokenField } from '../fields';

export const logoutProcedure = (logOut: LogOut) =>
  publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/auth/logout',
        tags: ['Auth'],
        summary: 'Log out',
        description:
          'Ends the session of the refresh token or, without one, of the access token, which itself stays good until it ' +
          'expires. One of the two is needed.',
        protect: false,
      },
      examples: { request: { refresh_token: EXAMPLE_REFRESH_TOKEN }, response: { message: 'Logged out.' } },
      errors: ['UNAUTHENTICATED'],
    })
    .input(z.strictObject({ refresh_token: mayBeLeftOut(refreshTokenField) }).optional())
    .output(z.object({ message: z.string() }))
    .mutation(async ({ ctx, input }) => {
      await logOut({ principal: ctx.principal, refreshToken: input?.refresh_token ?? null });
      return { message: 'Logged out.' };
    });
