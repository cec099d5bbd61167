/** Elysia looks from here on for the slash that a URL's path begins with. */
const LOOKED_FOR_FROM = 'https://abc'.length;

/**
 * The request, by a URL whose path the router finds. In `http://app/healthz` it does not: the path begins before it looks. And where
 * the client names no host, as HTTP/1.0 need not, Bun gives no more than the path.
 * Elysia's `standardHostname: false` is no way out: looking earlier, it takes the second slash of `https://` for the path.
 */
export function withRoutableUrl(request: Request): Request {
  const { url } = request;
  const hostAt = url.startsWith('/') ? 0 : url.indexOf('://') + 3;
  const pathAt = url.indexOf('/', hostAt);
  if (pathAt >= LOOKED_FOR_FROM) return request;
  // whom the client named still stands in its Host header
  const value = `${url.slice(0, hostAt) || 'http://'}localhost${url.slice(pathAt)}`;
  // of the request itself: a copy could not become a WebSocket, nor say whose connection it came by
  return Object.defineProperty(request, 'url', { value });
}
