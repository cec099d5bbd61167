import type { Log } from '../../kernel/log';
import type { Principal } from '../../kernel/principal';
import type { RateLimits } from '../admission/rate-limits';
import { logWith } from '../telemetry/log';
import { callLimits } from './call-limits';
import { exchangeOf } from './exchange';
import type { RequestContext } from './request-context';

/** Null for a token that is malformed, expired, revoked or not ours. @throws AppError DATABASE_UNAVAILABLE */
export type Authenticate = (token: string) => Promise<Principal | null>;

export interface ContextParts {
  readonly authenticate: Authenticate;
  readonly rateLimits: RateLimits;
  readonly log: Log;
}

/** @param otherToken counts where the request has no Authorization header: an EventSource of a browser can send none */
export type MakeRequestContext = (request: Request, otherToken?: string | undefined) => Promise<RequestContext>;

/** The same context for every door. A token that is not valid counts as none: only a procedure that needs one refuses. */
export function requestContexts(parts: ContextParts): MakeRequestContext {
  return async (request, otherToken) => {
    const exchange = exchangeOf(request);
    if (exchange.refusal) throw exchange.refusal;
    const { headers } = request;
    const token = headers.has('authorization') ? bearerToken(headers) : (otherToken ?? null);
    const principal = token === null ? null : await parts.authenticate(token);
    exchange.userId = principal?.userId ?? null;
    return {
      requestId: exchange.requestId,
      principal,
      ...(principal === null || token === null ? {} : { accessToken: token }),
      ip: exchange.address,
      userAgent: headers.get('user-agent'),
      headers,
      signal: request.signal,
      responseHeaders: new Headers(),
      admitCall: callLimits(parts.rateLimits, exchange),
      log: logWith(parts.log, { request_id: exchange.requestId }),
    };
  };
}

/** @see RFC 6750, 2.1 */
export function bearerToken(headers: Headers): string | null {
  return /^bearer +([\w\-.~+/]+=*)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}
