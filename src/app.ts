import type { AnyTRPCRouter } from '@trpc/server';
import type { Server } from 'bun';
import { type AnyElysia, Elysia } from 'elysia';
import { AppError } from './kernel/app-error';
import type { Log } from './kernel/log';
import type { RateLimits } from './platform/admission/rate-limits';
import type { AdmitBytes } from './platform/admission/upload-admission';
import { admitRequests } from './platform/http/admit-request';
import { aroundEveryRequest, type Handler } from './platform/http/around-every-request';
import { arrivedAt } from './platform/http/arrival';
import type { ClientAddress } from './platform/http/client-address';
import { corsOf } from './platform/http/cors';
import { docsRoutes } from './platform/http/docs-page';
import { errorResponse } from './platform/http/error-body';
import { exchangeOf } from './platform/http/exchange';
import { KeptOpen } from './platform/http/kept-open';
import { type Authenticate, requestContexts } from './platform/http/make-request-context';
import type { MultipartParts } from './platform/http/multipart-door';
import { type OperationsParts, operationsRoutes, type ReadinessCheck } from './platform/http/operations';
import { restRoutes } from './platform/http/rest';
import { withRoutableUrl } from './platform/http/routable-url';
import { strictTransport } from './platform/http/secure-transport';
import type { InFlight } from './platform/http/shutdown';
import { toAppError } from './platform/http/to-app-error';
import { trpcDoor } from './platform/http/trpc-door';
import { unsendable } from './platform/http/unsendable';
import type { Metrics } from './platform/telemetry/metrics';

/** Who may come in, how often, and with how much. */
export interface Admission {
  readonly rateLimits: RateLimits;
  readonly clientAddress: ClientAddress;
  readonly admitBytes: AdmitBytes;
  /** Of one multipart body. */
  readonly maxBodyBytes: number;
}

export interface AppParts {
  readonly router: AnyTRPCRouter;
  readonly authenticate: Authenticate;
  /** The unread body of a request. */
  readonly multipartBody: MultipartParts['multipartBody'];
  /** Doors of their own: the disk store's /files, WebSockets. Their errors are answered as everybody's. */
  readonly doors?: readonly AnyElysia[];
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  readonly details?: OperationsParts['details'];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly metricsToken?: string | undefined;
  readonly inFlight: InFlight;
  readonly version: string;
  readonly corsOrigins: readonly string[];
  readonly admission: Admission;
  /** A proxy in front may say that a request came by TLS. */
  readonly trustedProxy: boolean;
  /** Seconds that browsers are to come by TLS alone; 0: nothing is said of it. */
  readonly hstsMaxAge: number;
  /** Connections to this one are to end: its certificate was replaced. */
  readonly isLeaving?: (server: Server<unknown> | undefined) => boolean;
  /** A connection that moves nothing for so long is closed, unless its request is being worked on. Default 30; Bun counts in steps of 4. */
  readonly idleSeconds?: number;
}

const IDLE_SECONDS = 30;
/** So often within that time it is put off for what is being worked on. */
const PUT_OFF_TIMES = 8;

const SERVE = {
  // Bun would answer 413 without a body and close: every limit is checked by the door that has it.
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  // never Bun's own error page, which shows the source
  development: false,
  // a second process on the same port shall fail to start, not take half of the requests
  reusePort: false,
};

const WEB_SOCKETS = {
  // Seconds. Bun pings shortly before, and closes what has not answered: a peer that is gone is noticed within that time.
  idleTimeout: 30,
  sendPings: true,
  // clients have nothing to say
  maxPayloadLength: 4096,
};

/** The HTTP server's app; `.listen({ port, hostname })` starts it. */
export function createApp(parts: AppParts) {
  // Elysia's routing by Bun itself leaves out what is wrapped around; all requests go one way.
  const idleTimeout = parts.idleSeconds ?? IDLE_SECONDS;
  const serve = { ...SERVE, idleTimeout, error: unsendable(parts.log) };
  const app = new Elysia({ serve, websocket: WEB_SOCKETS, systemRouter: false });
  const { rateLimits, clientAddress, admitBytes, maxBodyBytes } = parts.admission;
  const serverOf = (request: Request) => arrivedAt(request) ?? app.server;
  const peer = (request: Request) => serverOf(request)?.requestIP(request)?.address ?? null;
  const putOff = (request: Request) => serverOf(request)?.timeout(request, idleTimeout);
  const contextOf = requestContexts({ ...parts, rateLimits });
  const multipart: MultipartParts = {
    multipartBody: parts.multipartBody,
    ingested: parts.metrics.ingested,
    admitBytes,
    maxBytes: maxBodyBytes,
  };
  const around = aroundEveryRequest({
    ...parts,
    cors: corsOf(parts.corsOrigins),
    admitRequest: admitRequests({ rateLimits, clientAddress, peer }),
    strictTransport: strictTransport(parts),
    keptOpen: new KeptOpen(putOff, (idleTimeout * 1000) / PUT_OFF_TIMES),
    closes: (request) => parts.inFlight.draining || parts.isLeaving?.(arrivedAt(request)) === true,
  });
  app
    .wrap((next) => {
      const handle = around(next as unknown as Handler);
      return (request: Request) => handle(withRoutableUrl(request));
    })
    .onError({ as: 'global' }, ({ error, code, request }) => refusal(error, code, request))
    .use(operationsRoutes(parts))
    .use(docsRoutes(parts))
    .use(restRoutes(parts.router, { contextOf, multipart }))
    .use(trpcDoor(parts.router, { contextOf, multipart, stopping: parts.inFlight.stopping }))
    // The doors above name their routes themselves, more exactly; hooks hold for what comes after them.
    .onTransform({ as: 'global' }, ({ request, route, set }) => {
      const exchange = exchangeOf(request);
      exchange.route = route;
      exchange.upgrading = request.headers.has('upgrade');
      // of an upgraded connection nothing that is returned is sent, only what is set before
      if (exchange.upgrading) set.headers['x-request-id'] = exchange.requestId;
    });
  for (const door of parts.doors ?? []) app.use(door);
  return app;
}

function refusal(error: unknown, code: string | number, request: Request): Response {
  const exchange = exchangeOf(request);
  const seen = code === 'NOT_FOUND' ? new AppError('NOT_FOUND') : toAppError(error);
  exchange.fail(seen);
  return errorResponse(seen, exchange.requestId);
}
