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

/** Something to know of a server that works. Null: there is nothing to say. */
export type ReadinessDetail = () => Promise<string | null>;

export interface OperationsParts {
  /** By the name that /readyz shows: `database`, `store`, `migrations`. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** By the name that /readyz shows. They do not make a server unready. */
  readonly details?: Readonly<Record<string, ReadinessDetail>>;
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
  const told = Object.entries(parts.details ?? {}).map(async ([name, tell]) => [name, await inTime(tell, timeoutMs)]);
  // A server that is stopping is alive but must get no new work: load balancers look here.
  const accepting = parts.inFlight.draining ? 'failed' : 'ok';
  const checks: Record<string, string> = { ...Object.fromEntries(await Promise.all(asked)), accepting };
  const details = (await Promise.all(told)).filter(([, says]) => says !== null);
  const ready = Object.values(checks).every((seen) => seen === 'ok');
  const body = { status: ready ? 'ok' : 'unavailable', checks };
  const more = details.length > 0 ? { details: Object.fromEntries(details) } : {};
  return Response.json({ ...body, ...more }, { status: ready ? 200 : 503 });
}

async function outcome(check: ReadinessCheck, timeoutMs: number): Promise<'ok' | 'failed'> {
  const isOk = async () => {
    await check();
    return true;
  };
  return (await inTime(isOk, timeoutMs)) ? 'ok' : 'failed';
}

/** Null where it throws or does not answer in time. */
async function inTime<Answer>(ask: () => Promise<Answer>, timeoutMs: number): Promise<Answer | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), timeoutMs);
  const asked = Promise.try(ask).catch(() => null);
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
