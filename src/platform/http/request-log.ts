import type { Log } from '../../kernel/log';
import type { Metrics } from '../telemetry/metrics';
import type { Exchange } from './exchange';
import { toAppError } from './to-app-error';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
// Asked every few seconds by machines: they would drown the rest.
const QUIET_ROUTES = new Set(['/healthz', '/readyz', '/metrics']);

/** One line per request, and its metrics. The path itself is in neither: it may carry what must not be kept. */
export function logRequest(
  { log, metrics }: { log: Log; metrics: Metrics },
  exchange: Exchange,
  request: Request,
  response: Response | undefined,
  status: number,
): void {
  const method = METHODS.has(request.method) ? request.method : 'OTHER';
  const route = exchange.route ?? 'unmatched';
  const ms = performance.now() - exchange.startedAt;
  metrics.request({ method, route, status, seconds: ms / 1000 });
  for (const error of exchange.failures) if (isOfQuota(error)) metrics.admission.refused('quota');
  const line = {
    request_id: exchange.requestId,
    user_id: exchange.userId,
    method,
    route,
    status,
    duration_ms: Math.round(ms * 100) / 100,
    bytes_in: lengthOf(request.headers) ?? exchange.receivedBytes,
    bytes_out: exchange.answeredBytes ?? (response ? lengthOf(response.headers) : 0),
    ...failuresOf(exchange, status),
  };
  if ('err' in line) log.error(line, 'request failed');
  else if (QUIET_ROUTES.has(route) && status < 400) log.debug(line, 'request');
  else log.info(line, 'request');
}

function isOfQuota(error: unknown): boolean {
  return toAppError(error).code === 'QUOTA_EXCEEDED';
}

/** The codes that the client saw; of what is our fault, the cause with its stack. */
function failuresOf(exchange: Exchange, status: number): { error_codes?: string[]; err?: unknown } {
  if (exchange.failures.length === 0) return {};
  const seen = exchange.failures.map(toAppError);
  const error_codes = seen.map((error) => error.code);
  const ours = seen.find((error) => error.httpStatus >= 500);
  return ours && status !== 499 ? { error_codes, err: ours.cause ?? ours } : { error_codes };
}

function lengthOf(headers: Headers): number | null {
  const length = headers.get('content-length');
  return length === null ? null : Number(length);
}
