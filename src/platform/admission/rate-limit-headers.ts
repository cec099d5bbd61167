import { type Allowance, type Policy, WINDOW_SECONDS } from './rate-limits';

/**
 * What is left, in the fields `RateLimit` and `RateLimit-Policy`: of each policy that was asked, `r` requests for `t` seconds.
 * @see draft-ietf-httpapi-ratelimit-headers-10
 */
export function setRateLimitHeaders(headers: Headers, allowances: ReadonlyMap<Policy, Allowance>): void {
  if (allowances.size === 0) return;
  let policies = '';
  let left = '';
  for (const { policy, quota, remaining, resetSeconds } of allowances.values()) {
    const comma = policies === '' ? '' : ', ';
    policies += `${comma}"${policy}";q=${quota};w=${WINDOW_SECONDS}`;
    left += `${comma}"${policy}";r=${remaining};t=${resetSeconds}`;
  }
  headers.set('ratelimit-policy', policies);
  headers.set('ratelimit', left);
}
