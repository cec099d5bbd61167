import { authenticatedProcedure } from '../../../../platform/http/procedures';
import type { Me } from '../../application/me';
import { toUserBody } from '../bodies';
import { exampleUser } from '../examples';
import { userBody } from '../fields';

export const meProcedure = (me: Me) =>
  authenticatedProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/api/users/me',
        tags: ['Users'],
        summary: 'Who am I',
        description: 'The account that the access token belongs to.',
      },
      examples: { response: exampleUser },
    })
    .output(userBody)
    .query(async ({ ctx }) => toUserBody(await me(ctx.principal)));
