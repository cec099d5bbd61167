import type { AnyTRPCRouter } from '@trpc/server';
import { Elysia } from 'elysia';
import { errorResponse } from './error-body';
import { type Exchange, exchangeOf } from './exchange';
import type { MakeRequestContext } from './make-request-context';
import { type MultipartParts, multipartInputOf } from './multipart-door';
import { type RestRoute, restRoutesOf } from './procedure-routes';
import { restInput } from './rest-input';
import { toAppError } from './to-app-error';

export interface RestParts {
  readonly contextOf: MakeRequestContext;
  readonly multipart: MultipartParts;
}

/**
 * REST: one thin route per procedure that names one in its `meta.openapi`. It calls the procedure itself; tRPC's HTTP layer has
 * no part in it. The body is read only after the procedure's own checks of the caller have passed.
 */
export function restRoutes(router: AnyTRPCRouter, parts: RestParts) {
  const app = new Elysia({ name: 'rest' });
  for (const route of restRoutesOf(router)) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.route(route.method, path, ({ request, params }) => answer(route, parts, request, params), { parse: 'none' });
  }
  return app;
}

async function answer(
  route: RestRoute,
  parts: RestParts,
  request: Request,
  params: Record<string, string>,
): Promise<Response> {
  const exchange = exchangeOf(request);
  exchange.route = route.path;
  let headers: Headers | undefined;
  try {
    const ctx = await parts.contextOf(request);
    headers = ctx.responseHeaders;
    const output = await route.procedure({
      path: route.name,
      type: route.type,
      ctx,
      signal: request.signal,
      batchIndex: 0,
      getRawInput: async () =>
        route.multipart ? await multipartInputOf(parts.multipart, request, params) : await restInput(request, params),
    });
    return success(route.status, output, headers, exchange);
  } catch (error) {
    exchange.fail(error);
    return failure(error, headers, exchange);
  }
}

function success(status: number, output: unknown, headers: Headers, exchange: Exchange): Response {
  if (status === 204) return new Response(null, { status, headers });
  const json = JSON.stringify(output ?? null);
  exchange.answeredBytes = Buffer.byteLength(json);
  headers.set('content-type', 'application/json');
  return new Response(json, { status, headers });
}

function failure(error: unknown, headers: Headers | undefined, exchange: Exchange): Response {
  const response = errorResponse(toAppError(error), exchange.requestId);
  for (const [name, value] of headers ?? []) response.headers.set(name, value);
  return response;
}
