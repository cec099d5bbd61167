// Nothing that this API answers is a document; /docs and delivered images set a policy of their own.
const NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'";

const NO_FEATURES = ['accelerometer', 'camera', 'geolocation', 'gyroscope', 'microphone', 'payment', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');

/**
 * A door that has set one of the last three itself knows better: an image may be shown by pages of other origins, an answer of the
 * API is read by fetch alone, which asks CORS.
 * @see OWASP, REST Security Cheat Sheet, Security Headers; Fetch Standard, 3.7 Cross-Origin-Resource-Policy
 */
export function setSecurityHeaders(headers: Headers, strictTransport: string | null): void {
  if (strictTransport !== null) headers.set('strict-transport-security', strictTransport);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('x-frame-options', 'DENY');
  headers.set('permissions-policy', NO_FEATURES);
  headers.set('cross-origin-opener-policy', 'same-origin');
  setIfAbsent(headers, 'cross-origin-resource-policy', 'same-origin');
  setIfAbsent(headers, 'content-security-policy', NOTHING_ALLOWED);
  setIfAbsent(headers, 'cache-control', 'no-store');
}

function setIfAbsent(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}
