const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'x-upload-id',
  'x-request-id',
  'range',
  'if-match',
  'if-range',
  'if-none-match',
  'last-event-id',
  'trpc-accept',
  'trpc-batch-mode',
  'x-trpc-source',
].join(', ');
const RESPONSE_HEADERS =
  'x-request-id, location, idempotency-replayed, retry-after, ratelimit, ratelimit-policy, etag, content-range, accept-ranges';

export interface Cors {
  /** The answer to any OPTIONS. It is the same for every path, so that it tells nobody which paths there are. */
  preflight(): Response;
  allow(request: Request, headers: Headers): void;
}

/**
 * Cross-origin access by a list of origins, `*` for any. Never with credentials: the token is a header that a page must hold
 * itself, so another site's page has nothing to ride on.
 * Where any may, that is said to who did not ask, too: an image that a page has shown lies in the browser's cache with what was
 * said then, and a `fetch` of it is answered from there.
 * @see Fetch Standard, 3.3 CORS protocol; CORS protocol and HTTP caches
 */
export function corsOf(origins: readonly string[]): Cors {
  const any = origins.includes('*');
  const listed = new Set(origins);
  const listedOne = (origin: string | null) => (origin !== null && listed.has(origin.toLowerCase()) ? origin : null);
  return {
    preflight: () => new Response(null, { status: 204, headers: { allow: METHODS } }),
    allow(request, headers) {
      if (!any && listed.size > 0) headers.append('vary', 'origin');
      const allowed = any ? '*' : listedOne(request.headers.get('origin'));
      if (allowed === null) return;
      headers.set('access-control-allow-origin', allowed);
      headers.set('access-control-expose-headers', RESPONSE_HEADERS);
      if (request.method !== 'OPTIONS') return;
      headers.set('access-control-allow-methods', METHODS);
      headers.set('access-control-allow-headers', REQUEST_HEADERS);
      headers.set('access-control-max-age', '7200');
    },
  };
}
