import { TRPCError, tracked } from '@trpc/server';
import { z } from 'zod';
import { AppError } from '../../../kernel/app-error';
import { ERROR_CODES } from '../../../kernel/error-codes';
import type { UserId } from '../../../kernel/ids';
import { mayBeLeftOut } from '../../../platform/http/may-be-left-out';
import { publicProcedure, router } from '../../../platform/http/procedures';
import { toAppError } from '../../../platform/http/to-app-error';
import type { Admit, Credential } from '../application/admit';
import type { Follow, Wanted } from '../application/follow';
import type { Seats } from '../application/seats';
import type { Admitted } from '../domain/ports';
import type { EndReason } from '../domain/sink';
import { productIdOf } from './handshake';
import { StreamSink } from './stream-sink';

export interface SubscriptionParts {
  readonly admit: Admit;
  readonly follow: Follow;
  readonly lastEvent: (seller: UserId) => Promise<number>;
  readonly slowMs: number;
  readonly opened: (change: 1 | -1) => void;
  readonly seats: Pick<Seats, 'take'>;
}

const input = z
  .strictObject({
    product_id: mayBeLeftOut(z.string()),
    last_event_id: mayBeLeftOut(z.int().min(0)),
    /** Given by tRPC itself where a stream is taken up again. */
    lastEventId: mayBeLeftOut(z.stringFormat('event-id', /^\d{1,15}$/)),
    /** In place of a token, for an EventSource that can send no header. */
    ticket: mayBeLeftOut(z.string().min(1)),
  })
  .optional();

/** What the client is told; of a restart nothing, so that it comes again by itself. */
const ENDS: Readonly<Record<Exclude<EndReason, 'stopping'>, () => AppError>> = {
  expired: () => new AppError('UNAUTHENTICATED', 'The token has expired.', { details: { reason: 'expired' } }),
  revoked: () => new AppError('UNAUTHENTICATED', 'The session was revoked.'),
  'not-found': () => new AppError('PRODUCT_NOT_FOUND'),
  // by its code clients connect again, from the last event that they got
  slow: () => new AppError('OVERLOADED', 'Events came faster than they were read.'),
};

/** `products.events`: what the WebSockets say, as server-sent events whose ids are the points to resume from. */
export function productEventsRouter(parts: SubscriptionParts) {
  return router({
    events: publicProcedure.input(input).subscription(async ({ ctx, input = {}, signal }) => {
      const beginning = begin(parts, input, ctx.accessToken);
      // what is committed after the answer has begun is in it; a refusal is told in the stream, too
      await beginning.catch(() => undefined);
      return stream(parts, beginning, signal);
    }),
  });
}

interface Beginning {
  readonly admitted: Admitted;
  readonly wanted: Wanted;
}

async function begin(
  { admit, lastEvent }: SubscriptionParts,
  { product_id, ticket, last_event_id, lastEventId }: Partial<NonNullable<z.infer<typeof input>>>,
  token: string | null | undefined,
): Promise<Beginning> {
  const productId = product_id === undefined ? null : productIdOf(product_id);
  const admitted = await admit(credentialOf(ticket, token));
  const named = lastEventId === undefined ? last_event_id : Number(lastEventId);
  return { admitted, wanted: { productId, lastEventId: named ?? (await lastEvent(admitted.seller.userId)) } };
}

async function seated({ seats }: SubscriptionParts, beginning: Promise<Beginning>) {
  const begun = await beginning;
  return { ...begun, leaveSeat: seats.take(begun.admitted.seller.userId) };
}

async function* stream(parts: SubscriptionParts, beginning: Promise<Beginning>, signal: AbortSignal | undefined) {
  const { admitted, wanted, leaveSeat } = await seated(parts, beginning).catch(tell);
  let leave: (() => void) | null = null;
  const sink = new StreamSink(parts.slowMs, () => {
    leave?.();
    leaveSeat();
    parts.opened(-1);
  });
  const gone = () => sink.leave();
  parts.opened(1);
  leave = parts.follow(admitted, wanted, sink);
  signal?.addEventListener('abort', gone, { once: true });
  if (signal?.aborted) gone();
  try {
    const messages = sink.messages();
    for (let next = await messages.next(); ; next = await messages.next()) {
      if (next.done) ended(next.value);
      yield tracked(String(next.value.position), next.value.message.body);
    }
  } finally {
    sink.leave();
    signal?.removeEventListener('abort', gone);
  }
}

function credentialOf(ticket: string | undefined, token: string | null | undefined): Credential {
  if (ticket !== undefined) return { ticket };
  return token ? { token } : null;
}

function ended(why: EndReason | 'left'): never {
  // without a word: tRPC would tell the client that it is over, and it would not come again
  if (why === 'left' || why === 'stopping') throw new DOMException('the stream was left', 'AbortError');
  return tell(ENDS[why]());
}

/**
 * The procedure has answered long ago: its error mapping is over, so it is done here. By the number that tRPC makes of it clients decide
 * whether to come again: what is refused for good must not look like an error of ours.
 */
function tell(error: unknown): never {
  const cause = toAppError(error);
  throw new TRPCError({ code: ERROR_CODES[cause.code].trpc, message: cause.message, cause });
}
