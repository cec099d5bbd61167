import { timingSafeEqual } from 'node:crypto';
import { Elysia } from 'elysia';
import { AppError } from '../../kernel/app-error';
import { sha256OfBytes } from '../../kernel/sha256';
import type { Metrics } from '../telemetry/metrics';
import { exchangeOf } from './exchange';
import { bearerToken } from './make-request-context';
import type { InFlight } from './shutdown';

/** Throws, or does not answer in time, where the part can't be used. */
export type ReadinessCheck = () => Promise<unknown>;

export interface OperationsParts {
  /** By the name that /readyz shows: `database`, `store`, `migrations`. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** What /readyz tells besides, for people: it decides nothing, and is left out where it can't be had. */
  readonly details?: (() => Promise<Readonly<Record<string, unknown>>>) | undefined;
  readonly metrics: Metrics;
  /** What /metrics asks for; without one it is open. */
  readonly metricsToken?: string | undefined;
  readonly inFlight: InFlight;
  readonly checkTimeoutMs?: number;
}

/** /healthz: the process answers. /readyz: it can do its work, or which part can't. /metrics: for Prometheus. */
export function operationsRoutes(parts: OperationsParts) {
  return new Elysia({ name: 'operations' })
    .get('/healthz', ({ request }) => {
      exchangeOf(request).route = '/healthz';
      return Response.json({ status: 'ok' });
    })
    .get('/readyz', ({ request }) => {
      exchangeOf(request).route = '/readyz';
      return readiness(parts);
    })
    .get('/metrics', async ({ request }) => {
      exchangeOf(request).route = '/metrics';
      requireToken(request, parts.metricsToken);
      return new Response(await parts.metrics.render(), { headers: { 'content-type': parts.metrics.contentType } });
    });
}

async function readiness(parts: OperationsParts): Promise<Response> {
  const timeoutMs = parts.checkTimeoutMs ?? 2_000;
  const asked = Object.entries(parts.readiness).map(async ([name, check]) => [name, await outcome(check, timeoutMs)]);
  // A server that is stopping is alive but must get no new work: load balancers look here.
  const accepting = parts.inFlight.draining ? 'failed' : 'ok';
  const checks: Record<string, string> = { ...Object.fromEntries(await Promise.all(asked)), accepting };
  const ready = Object.values(checks).every((seen) => seen === 'ok');
  const details = await detailsOf(parts, timeoutMs);
  return Response.json({ status: ready ? 'ok' : 'unavailable', checks, ...details }, { status: ready ? 200 : 503 });
}

async function detailsOf({ details }: OperationsParts, timeoutMs: number): Promise<{ details?: object }> {
  if (!details) return {};
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), timeoutMs);
  const told = await Promise.race([details().catch(() => null), late.promise]).finally(() => clearTimeout(timer));
  return told === null || Object.keys(told).length === 0 ? {} : { details: told };
}

async function outcome(check: ReadinessCheck, timeoutMs: number): Promise<'ok' | 'failed'> {
  const late = Promise.withResolvers<'failed'>();
  const timer = setTimeout(() => late.resolve('failed'), timeoutMs);
  const asked = Promise.try(check).then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  return Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
}

function requireToken(request: Request, expected: string | undefined): void {
  if (expected === undefined) return;
  // digests have equal lengths, which timingSafeEqual wants, and tell nothing of the token's
  const [given, wanted] = [bearerToken(request.headers) ?? '', expected].map((text) =>
    Buffer.from(sha256OfBytes(text)),
  );
  if (!given || !wanted || !timingSafeEqual(given, wanted)) throw new AppError('UNAUTHENTICATED');
}
