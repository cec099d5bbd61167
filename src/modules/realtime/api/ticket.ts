import { z } from 'zod';
import { router, sellerProcedure } from '../../../platform/http/procedures';
import type { Admitted } from '../domain/ports';

export type IssueTicket = (holder: Admitted) => Promise<{ ticket: string; expiresAt: Date }>;

export interface TicketParts {
  readonly issueTicket: IssueTicket;
  readonly expiryOf: (accessToken: string) => Date;
}

export function realtimeRouter(parts: TicketParts) {
  return router({ ticket: ticketProcedure(parts) });
}

function ticketProcedure({ issueTicket, expiryOf }: TicketParts) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/realtime/ticket',
        tags: ['Realtime'],
        summary: 'Get a ticket that opens one WebSocket or event stream',
        description:
          'Good once, within a minute: `wss://…/ws/products?ticket=…`. For clients that can send neither headers nor subprotocols; unlike an access token it is worth nothing in a log. What it opens ends when the access token ends that it was got with.',
      },
      examples: { request: {}, response: { ticket: 'b7Qw3Zr9Xc1Vn5Mk8Lp2Sd', expires_at: '2026-11-02T14:06:09.120Z' } },
    })
    .input(z.strictObject({}).optional())
    .output(z.object({ ticket: z.string(), expires_at: z.iso.datetime() }))
    .mutation(async ({ ctx }) => {
      const expiresAt = expiryOf(ctx.accessToken ?? '');
      const issued = await issueTicket({ seller: ctx.seller, expiresAt });
      return { ticket: issued.ticket, expires_at: issued.expiresAt.toISOString() };
    });
}
