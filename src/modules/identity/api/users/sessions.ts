import { z } from 'zod';
import { AppError } from '../../../../kernel/app-error';
import { isUuid } from '../../../../kernel/ids';
import { idSchema } from '../../../../platform/http/presigned-puts';
import { authenticatedProcedure } from '../../../../platform/http/procedures';
import type { ListSessions, OwnSession, RevokeSession } from '../../application/sessions';

const sessionBody = z
  .object({
    id: z.uuid(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    current: z.boolean().describe('The access token of this request came from it.'),
  })
  .meta({ id: 'Session' });

const exampleSession: z.infer<typeof sessionBody> = {
  id: '019a0c1e-80b1-7f40-8e2d-6a9b3c7d5e12',
  created_at: '2026-11-02T14:05:09.120Z',
  last_used_at: '2026-11-02T15:20:00.500Z',
  ip: '203.0.113.7',
  user_agent: 'Mozilla/5.0 (Android 15; Mobile)',
  current: true,
};

export const sessionsProcedure = (listSessions: ListSessions) =>
  authenticatedProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/api/users/me/sessions',
        tags: ['Users'],
        summary: 'List my sessions',
        description:
          'Those that can still be refreshed, last used first. An account has a hundred at most: a login that makes one more ends the one that was not used for longest.',
      },
      examples: { response: { sessions: [exampleSession] } },
    })
    .output(z.object({ sessions: z.array(sessionBody) }))
    .query(async ({ ctx }) => ({ sessions: (await listSessions(ctx.principal)).map(toSessionBody) }));

export const revokeSessionProcedure = (revokeSession: RevokeSession) =>
  authenticatedProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/api/users/me/sessions/{id}',
        tags: ['Users'],
        summary: 'End one of my sessions',
        description: 'It can’t be refreshed any more. Its last access token stays good until that expires.',
      },
      status: 204,
      errors: ['NOT_FOUND'],
    })
    .input(z.strictObject({ id: idSchema }))
    .output(z.void())
    .mutation(({ ctx, input }) => revokeSession(ctx.principal, sessionIdOf(input.id)));

/** @throws AppError NOT_FOUND for what cannot be the id of anything */
function sessionIdOf(text: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new AppError('NOT_FOUND', 'No such session of yours.');
  return id;
}

function toSessionBody(session: OwnSession): z.infer<typeof sessionBody> {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    ip: session.ip,
    user_agent: session.userAgent,
    current: session.current,
  };
}
