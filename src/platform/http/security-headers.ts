// Nothing that this API answers is a document; /docs and delivered images set a policy of their own.
const NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'";

/** A door that has set one of the last two itself knows better. @see OWASP, REST Security Cheat Sheet, Security Headers */
export function setSecurityHeaders(headers: Headers): void {
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('x-frame-options', 'DENY');
  if (!headers.has('content-security-policy')) headers.set('content-security-policy', NOTHING_ALLOWED);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
}
