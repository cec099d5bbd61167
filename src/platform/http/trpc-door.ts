import type { AnyTRPCRouter, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { Elysia } from 'elysia';
import { decodedPath } from './decoded-path';
import { exchangeOf } from './exchange';
import { boundedText } from './json-body';
import type { MakeRequestContext } from './make-request-context';
import { type MultipartParts, multipartInputOf } from './multipart-door';
import { proceduresOf } from './procedure-routes';
import type { RequestContext } from './request-context';
import { toAppError } from './to-app-error';

const ENDPOINT = '/trpc';
/** Calls in one batch: more would let one request take a server's whole attention. */
const MAX_BATCH_SIZE = 20;

export interface TrpcParts {
  readonly contextOf: MakeRequestContext;
  readonly multipart: MultipartParts;
  /** Aborts when the server begins to stop: event streams would otherwise hold it until its patience ends. */
  readonly stopping: AbortSignal;
}

/** tRPC over HTTP: the same procedures, its own envelope. */
export function trpcDoor(router: AnyTRPCRouter, parts: TrpcParts) {
  return new Elysia({ name: 'trpc' }).all(`${ENDPOINT}/*`, ({ request }) => answer(router, parts, request), {
    parse: 'none',
  });
}

async function answer(router: AnyTRPCRouter, parts: TrpcParts, request: Request): Promise<Response> {
  const exchange = exchangeOf(request);
  exchange.route = routeOf(router, request.url);
  const response = await fetchRequestHandler({
    endpoint: ENDPOINT,
    router,
    req: seenByTrpc(request, parts, isSubscription(router, request.url)),
    maxBatchSize: MAX_BATCH_SIZE,
    createContext: ({ info }) => parts.contextOf(request, info.connectionParams?.token),
    responseMeta: ({ ctx, errors, info }) =>
      answerMeta(ctx as RequestContext | undefined, errors, info?.isBatchCall ?? false),
    onError: ({ error }) => exchange.fail(error),
  });
  return isEventual(response)
    ? response
    : await measuredResponse(response, (bytes) => (exchange.answeredBytes = bytes));
}

/** Status and headers as the error's own code has them; a batch keeps tRPC's 207 where its calls differ. */
function answerMeta(ctx: RequestContext | undefined, errors: readonly TRPCError[], isBatch: boolean) {
  const headers = new Headers(ctx?.responseHeaders);
  const seen = errors.map(toAppError);
  const wait = Math.max(...seen.map((error) => error.retryAfterSeconds ?? 0));
  if (wait > 0) headers.set('retry-after', String(wait));
  const [first] = seen;
  return first === undefined || isBatch ? { headers } : { headers, status: first.httpStatus };
}

/**
 * The request with three things changed for tRPC: the multipart body stays unread and is handed on as it is, JSON is bounded,
 * and event streams end when the server stops. A Proxy, because copying a Request would tee its body.
 */
function seenByTrpc(request: Request, parts: TrpcParts, isStream: boolean): Request {
  const changed: Partial<Record<string | symbol, unknown>> = {
    formData: async () => multipartInputOf(parts.multipart, request),
    text: () => boundedText(request),
  };
  if (isStream) {
    changed.signal = AbortSignal.any([request.signal, parts.stopping]);
  }
  return new Proxy(request, {
    get(target, name) {
      if (name in changed) return changed[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Such are answered as event streams, whatever the request says that it accepts. */
function isSubscription(router: AnyTRPCRouter, url: string): boolean {
  const name = namesIn(url);
  return Object.hasOwn(proceduresOf(router), name) && proceduresOf(router)[name]?._def.type === 'subscription';
}

/** For log and metrics: what is not one known procedure must not become a label of its own. */
function routeOf(router: AnyTRPCRouter, url: string): string {
  const name = namesIn(url);
  if (name.includes(',')) return `${ENDPOINT}/(batch)`;
  return Object.hasOwn(proceduresOf(router), name) ? `${ENDPOINT}/${name}` : `${ENDPOINT}/(unknown)`;
}

function namesIn(url: string): string {
  const { pathname } = new URL(url);
  return (decodedPath(pathname) ?? pathname).slice(ENDPOINT.length + 1);
}

function isEventual(response: Response): boolean {
  return response.headers.has('transfer-encoding') || response.headers.get('content-type') === 'text/event-stream';
}

/** tRPC has the whole JSON in memory already, but does not say how long it is. */
async function measuredResponse(response: Response, tell: (bytes: number) => void): Promise<Response> {
  const bytes = await response.bytes();
  tell(bytes.byteLength);
  return new Response(response.status === 204 ? null : bytes, { status: response.status, headers: response.headers });
}
