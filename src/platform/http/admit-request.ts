import { AppError, isAppError } from '../../kernel/app-error';
import type { RateLimits } from '../admission/rate-limits';
import { spend } from './call-limits';
import { type ClientAddress, clientBlock } from './client-address';
import { decodedPath } from './decoded-path';
import type { Exchange } from './exchange';

/** What is done with a request before anything else: whose it is, and whether that client may send it now. */
export type AdmitRequest = (request: Request, exchange: Exchange) => Promise<void>;

export interface AdmitRequestParts {
  readonly rateLimits: RateLimits;
  readonly clientAddress: ClientAddress;
  /** The address of the connection; null where there is none. */
  readonly peer: (request: Request) => string | null;
}

const TRPC = '/trpc/';
/** Has signatures over paths as they are written, and an answer of its own for what none was made for. */
const FILES = '/files/';
const NOT_DECODABLE = 'The path is not percent-encoded UTF-8.';
/** Costs less than to count it, and restarts what does not answer it. */
const UNCOUNTED = '/healthz';

/** @throws AppError MALFORMED_REQUEST, whose parts routers would give out as null; RATE_LIMITED, except for tRPC, whose door finds it in the exchange */
export function admitRequests({ rateLimits, clientAddress, peer }: AdmitRequestParts): AdmitRequest {
  return async (request, exchange) => {
    exchange.address = clientAddress(request.headers, peer(request));
    const path = pathOf(request.url);
    if (path === UNCOUNTED) return;
    const decoded = decodedPath(path);
    const isTrpc = path.startsWith(TRPC);
    try {
      await spend(
        rateLimits,
        exchange,
        'address',
        clientBlock(exchange.address),
        isTrpc ? callsIn(decoded ?? path) : 1,
      );
    } catch (error) {
      if (!isTrpc || !isAppError(error)) throw error;
      exchange.refusal = error;
    }
    if (decoded === null && !isTrpc && !path.startsWith(FILES)) throw new AppError('MALFORMED_REQUEST', NOT_DECODABLE);
  };
}

/** A batch names its procedures in the path. */
function callsIn(path: string): number {
  let calls = 1;
  for (let at = path.indexOf(','); at !== -1; at = path.indexOf(',', at + 1)) calls += 1;
  return calls;
}

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('?', start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
