import type { Log } from '../../kernel/log';
import { setRateLimitHeaders } from '../admission/rate-limit-headers';
import type { Metrics } from '../telemetry/metrics';
import type { AdmitRequest } from './admit-request';
import type { Cors } from './cors';
import { errorResponse } from './error-body';
import { beginExchange, type Exchange } from './exchange';
import type { KeptOpen } from './kept-open';
import { linger } from './linger';
import { logRequest } from './request-log';
import type { StrictTransport } from './secure-transport';
import { setSecurityHeaders } from './security-headers';
import type { InFlight } from './shutdown';
import { toAppError } from './to-app-error';

export interface AroundParts {
  readonly cors: Cors;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly inFlight: InFlight;
  readonly admitRequest: AdmitRequest;
  readonly strictTransport: StrictTransport;
  readonly keptOpen: KeptOpen;
  /** The connection of this request is to take no other. */
  readonly closes: (request: Request) => boolean;
}

/** Undefined where the connection became a WebSocket. */
export type Handler = (request: Request) => Response | undefined | Promise<Response | undefined>;

// A body up to this size fits into the buffers between the client and us: it is never still sending.
const LINGERS_ABOVE_BYTES = 65_536;

/**
 * What holds for every answer, whichever door gave it, errors and 404 included: a request id, security and CORS headers, a log
 * line, metrics, and that a client still sending its body sees the answer.
 */
export function aroundEveryRequest(parts: AroundParts): (next: Handler) => Handler {
  return (next) => async (request) => {
    const exchange = beginExchange(request);
    parts.inFlight.enter();
    try {
      const response =
        request.method === 'OPTIONS' ? parts.cors.preflight() : await answer(parts, next, request, exchange);
      const status = statusOf(response, exchange);
      logRequest(parts, exchange, request, response, status);
      return response && finished(parts, exchange, request, response);
    } finally {
      parts.inFlight.leave();
    }
  };
}

async function answer(
  parts: AroundParts,
  next: Handler,
  request: Request,
  exchange: Exchange,
): Promise<Response | undefined> {
  parts.keptOpen.begin(request);
  try {
    await parts.admitRequest(request, exchange);
    return await next(request);
  } catch (error) {
    exchange.fail(error);
    return errorResponse(toAppError(error), exchange.requestId);
  } finally {
    parts.keptOpen.end(request);
    exchange.answered();
  }
}

function finished(parts: AroundParts, exchange: Exchange, request: Request, response: Response): Response {
  const { headers } = response;
  headers.set('x-request-id', exchange.requestId);
  setRateLimitHeaders(headers, exchange.allowances);
  setSecurityHeaders(headers, parts.strictTransport(request));
  parts.cors.allow(request, headers);
  // Bun gives every answer one but those to HEAD. @see RFC 9110, 6.6.1
  if (request.method === 'HEAD') headers.set('date', new Date().toUTCString());
  if (response.status === 401) headers.set('www-authenticate', 'Bearer');
  if (response.status >= 400 && mayStillSend(request, exchange)) return linger(request, response);
  if (parts.closes(request)) headers.set('connection', 'close');
  return response;
}

/** As it happened: nobody saw the answer to a client that had left, and after an upgrade Bun throws away what is returned. */
function statusOf(response: Response | undefined, exchange: Exchange): number {
  if (exchange.disconnected) return 499;
  if (response === undefined) return 101;
  return exchange.upgrading && response.status === 200 ? 101 : response.status;
}

function mayStillSend(request: Request, exchange: Exchange): boolean {
  if (exchange.bodyRead || request.body === null) return false;
  const length = request.headers.get('content-length');
  return length === null || Number(length) > LINGERS_ABOVE_BYTES;
}
