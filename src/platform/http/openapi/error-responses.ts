import { ERROR_CODES, type ErrorCode } from '../../../kernel/error-codes';
import type { RestRoute } from '../procedure-routes';
import { readsBody } from '../rest-input';
import type { ResponseObject } from './types';

const EVERYWHERE: readonly ErrorCode[] = ['RATE_LIMITED', 'INTERNAL', 'DATABASE_UNAVAILABLE', 'OVERLOADED'];
const WITH_TOKEN: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN'];
const WITH_BODY: readonly ErrorCode[] = ['MALFORMED_REQUEST', 'REQUEST_TIMEOUT', 'REQUEST_TOO_LARGE'];
const WITH_INPUT: readonly ErrorCode[] = ['VALIDATION_FAILED'];
const RETRY_AFTER = {
  'retry-after': { description: 'Seconds to wait before trying again.', schema: { type: 'integer' } },
} as const;

/** @see draft-ietf-httpapi-ratelimit-headers-10 */
const RATE_LIMIT = {
  ratelimit: {
    description: 'What is left of each limit: `"address";r=11999;t=60` for 11999 requests in the next 60 seconds.',
    schema: { type: 'string' },
  },
  'ratelimit-policy': {
    description: 'Each limit: `"address";q=12000;w=60` for 12000 requests a minute.',
    schema: { type: 'string' },
  },
} as const;

/** Every status that this operation can refuse with, each naming its codes. */
export function errorResponses(route: RestRoute, hasBody: boolean): Record<string, ResponseObject> {
  const hasInput = hasBody || route.path.includes('{') || takesInput(route);
  const codes = new Set<ErrorCode>([
    ...(route.meta.errors ?? []),
    ...(route.meta.openapi?.protect === false ? [] : WITH_TOKEN),
    ...(hasBody || readsBody(route.method) ? WITH_BODY : []),
    ...(hasInput ? WITH_INPUT : []),
    ...EVERYWHERE,
  ]);
  const byStatus = Map.groupBy(codes, (code) => ERROR_CODES[code].http);
  const sorted = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(sorted.map(([status, named]) => [String(status), errorResponse(status, named)]));
}

function takesInput({ procedure }: RestRoute): boolean {
  const { inputs } = procedure._def as { inputs?: readonly unknown[] };
  return (inputs?.length ?? 0) > 0;
}

function errorResponse(status: number, codes: readonly ErrorCode[]): ResponseObject {
  const waits = status === 429 || status === 503;
  const headers = { ...(waits ? RETRY_AFTER : {}), ...(status === 429 ? RATE_LIMIT : {}) };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].says}`).join('\n\n'),
    ...(waits ? { headers } : {}),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Error' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

function exampleOf(code: ErrorCode): unknown {
  return { error: { code, message: ERROR_CODES[code].says, request_id: '019a0c1e-7f3a-7cc2-9d1b-3f6f1d2a4b5c' } };
}
