import type { Server } from 'bun';
import { Elysia } from 'elysia';
import { AppError } from '../../../kernel/app-error';
import type { ProductId, UserId } from '../../../kernel/ids';
import type { RateLimits } from '../../../platform/admission/rate-limits';
import { arrivedAt } from '../../../platform/http/arrival';
import { spend } from '../../../platform/http/call-limits';
import { exchangeOf } from '../../../platform/http/exchange';
import type { Admit } from '../application/admit';
import type { Follow } from '../application/follow';
import type { Seats } from '../application/seats';
import type { Sink } from '../domain/sink';
import { productIdOf, readHandshake } from './handshake';
import { originCheck } from './origins';
import { SocketSink } from './socket-sink';

export interface WsDoorOptions {
  readonly admit: Admit;
  readonly follow: Follow;
  readonly lastEvent: (seller: UserId) => Promise<number>;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
  readonly corsOrigins: readonly string[];
  readonly publicUrl: () => string;
  readonly slowMs: number;
  /** Counts open sockets up and down. */
  readonly opened: (change: 1 | -1) => void;
  readonly rateLimits: RateLimits;
  readonly seats: Pick<Seats, 'take'>;
}

/**
 * `/ws/products` and `/ws/products/{id}/status`. Whatever can be refused is refused before the upgrade, with the usual error
 * body; what turns out later closes the socket with a code of its own (docs/events.md).
 */
export function wsDoor(options: WsDoorOptions) {
  const checkOrigin = originCheck(options.corsOrigins, options.publicUrl);
  const open = async (request: Request, server: Server<unknown> | null, productId: ProductId | null) => {
    checkOrigin(request);
    const { credential, subprotocol, lastEventId: named } = readHandshake(request);
    const admitted = await options.admit(credential);
    const exchange = exchangeOf(request);
    exchange.userId = admitted.seller.userId;
    await spend(options.rateLimits, exchange, 'user', admitted.seller.userId);
    // before the upgrade: what is committed after the socket is open is its own
    const lastEventId = named ?? (await options.lastEvent(admitted.seller.userId));
    if (options.stopping.aborted) throw new AppError('OVERLOADED', 'The server is about to restart.');
    const leaveSeat = options.seats.take(admitted.seller.userId);
    const begin = (sink: Sink) => options.follow(admitted, { productId, lastEventId }, sink);
    const socket = socketOf(options, begin, leaveSeat);
    const headers = new Headers({ 'x-request-id': exchangeOf(request).requestId });
    if (subprotocol) headers.set('sec-websocket-protocol', subprotocol);
    if ((arrivedAt(request) ?? server)?.upgrade(request, { data: socket, headers })) return;
    leaveSeat();
    throw new AppError('MALFORMED_REQUEST', 'A WebSocket handshake is expected here.');
  };
  return new Elysia({ name: 'ws-door' })
    .get('/ws/products', ({ request, server }) => open(request, server, null), { parse: 'none' })
    .get('/ws/products/:id/status', ({ request, server, params }) => open(request, server, productIdOf(params.id)), {
      parse: 'none',
    });
}

/** The following begins with the socket and ends with it. */
function socketOf(
  { stopping, slowMs, opened }: WsDoorOptions,
  begin: (sink: Sink) => () => void,
  leaveSeat: () => void,
): SocketSink {
  let leave: (() => void) | null = null;
  let stop: (() => void) | null = null;
  return new SocketSink({
    slowMs,
    opened(sink) {
      opened(1);
      leave = begin(sink);
      stop = () => sink.end('stopping', null);
      stopping.addEventListener('abort', stop, { once: true });
      if (stopping.aborted) stop();
    },
    closed() {
      opened(-1);
      leaveSeat();
      leave?.();
      if (stop) stopping.removeEventListener('abort', stop);
    },
  });
}
