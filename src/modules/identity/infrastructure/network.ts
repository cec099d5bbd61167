import { isIP, isIPv4 } from 'node:net';

/** An IPv4 address as such also where a dual-stack socket reports it within IPv6; no zone, which inet does not know. */
export function plainAddress(text: string): string | null {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return isIP(address) ? address : null;
}

/**
 * Whom an address stands for: itself, or of IPv6 the /64 around it, which is one subscriber's, who has all its addresses.
 * As `cidr` of PostgreSQL; null where there is no address.
 * @see RFC 6177, 2
 */
export function networkOf(ip: string | null): string | null {
  const address = ip === null ? null : plainAddress(ip);
  if (address === null) return null;
  return isIPv4(address) ? `${address}/32` : `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}
