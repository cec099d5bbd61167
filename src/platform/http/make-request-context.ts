import type { Log } from '../../kernel/log';
import type { Principal } from '../../kernel/principal';
import { logWith } from '../telemetry/log';
import { exchangeOf } from './exchange';
import type { RequestContext } from './request-context';

/** Null for a token that is malformed, expired, revoked or not ours. @throws AppError DATABASE_UNAVAILABLE */
export type Authenticate = (token: string) => Promise<Principal | null>;

export interface ContextParts {
  readonly authenticate: Authenticate;
  /** The address of the connection; null where there is none. */
  readonly peer: (request: Request) => string | null;
  readonly trustedProxy: boolean;
  readonly log: Log;
}

/** @param otherToken counts where the request has no Authorization header: an EventSource of a browser can send none */
export type MakeRequestContext = (request: Request, otherToken?: string | undefined) => Promise<RequestContext>;

/** The same context for every door. A token that is not valid counts as none: only a procedure that needs one refuses. */
export function requestContexts(parts: ContextParts): MakeRequestContext {
  return async (request, otherToken) => {
    const exchange = exchangeOf(request);
    const { headers } = request;
    const token = headers.has('authorization') ? bearerToken(headers) : (otherToken ?? null);
    const principal = token === null ? null : await parts.authenticate(token);
    exchange.userId = principal?.userId ?? null;
    return {
      requestId: exchange.requestId,
      principal,
      ...(principal === null || token === null ? {} : { accessToken: token }),
      ip: clientAddress(parts, request),
      userAgent: headers.get('user-agent'),
      headers,
      signal: request.signal,
      responseHeaders: new Headers(),
      log: logWith(parts.log, { request_id: exchange.requestId }),
    };
  };
}

/** @see RFC 6750, 2.1 */
export function bearerToken(headers: Headers): string | null {
  return /^bearer +([\w\-.~+/]+=*)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}

/** Only what our own proxy has added at the end can be believed; what stands before it is the client's word. */
function clientAddress(parts: ContextParts, request: Request): string | null {
  const forwarded = parts.trustedProxy ? request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  const address = forwarded || parts.peer(request);
  // a dual-stack socket shows IPv4 clients so
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null;
}
