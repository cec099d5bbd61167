export interface TransportOptions {
  /** Seconds; 0 sends none. */
  readonly hstsMaxAge: number;
  /** A proxy of ours says by X-Forwarded-Proto how the client came. */
  readonly trustedProxy: boolean;
}

/** The value of Strict-Transport-Security; null for an answer that must not carry it. */
export type StrictTransport = (request: Request) => string | null;

/**
 * Browsers heed the header on TLS alone, and a server must not send it elsewhere. This host only: what others of its domain do is not
 * ours to say.
 * @see RFC 6797, 7.2
 */
export function strictTransport({ hstsMaxAge, trustedProxy }: TransportOptions): StrictTransport {
  if (hstsMaxAge === 0) return () => null;
  const value = `max-age=${hstsMaxAge}`;
  return (request) => (cameByTls(request, trustedProxy) ? value : null);
}

/** Of several proxies in a row the last one is ours; what stands before it is the client's word. */
function cameByTls(request: Request, trustedProxy: boolean): boolean {
  if (request.url.startsWith('https:')) return true;
  return trustedProxy && request.headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase() === 'https';
}
