import { BlockList, isIP } from 'node:net';

/** The address that a request comes from, as far as it can be believed; null where there is no connection. */
export type ClientAddress = (headers: Headers, peer: string | null) => string | null;

/**
 * Only what our own proxies have added can be believed. They add at the end, so X-Forwarded-For is read from the right: the first
 * address that is none of theirs is the client's, and whatever stands before it is the client's own word.
 * @param trusted addresses and CIDR blocks of the proxies; none: the header is not looked at
 * @throws Error for what is neither
 */
export function clientAddresses(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (_, peer) => plain(peer);
  const proxies = blocks(trusted);
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (headers, peer) => {
    let believed = plain(peer);
    if (believed === null) return null;
    const hops = headers.get('x-forwarded-for')?.split(',') ?? [];
    while (isIP(believed) !== 0 && isProxy(believed)) {
      const before = plain(hops.pop() ?? null);
      // nothing more, or no address at all: the last hop that we know is the nearest to the client that we can name
      if (before === null) return believed;
      believed = before;
    }
    return believed;
  };
}

/** Says what is wrong with an entry of TRUSTED_PROXIES, or null. */
export function wrongProxy(entry: string): string | null {
  try {
    blocks([entry]);
    return null;
  } catch {
    return `${JSON.stringify(entry)} is neither an address nor a CIDR block`;
  }
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, because that much is given to a single subscriber.
 * @see RFC 6177, 2
 */
export function clientBlock(address: string | null): string {
  if (address === null) return 'unknown';
  return isIP(address) === 6 ? `${groupsOf(address).slice(0, 4).join(':')}::/64` : address;
}

/** The eight groups, without leading zeros. */
function groupsOf(address: string): string[] {
  const [bare = ''] = address.split('%');
  const [head = '', tail] = withoutDots(bare).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}

/** `64:ff9b::192.0.2.1` with its last two groups written as all others. */
function withoutDots(address: string): string {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (!dotted) return address;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
  return `${address.slice(0, dotted.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/**
 * As it is compared: a dual-stack socket shows IPv4 clients as `::ffff:1.2.3.4`, some proxies add a port or brackets.
 * @returns null for what is no address
 */
function plain(written: string | null): string | null {
  if (written === null) return null;
  const text = written.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? null : address.toLowerCase();
}

function blocks(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits, ...more] = entry.split('/');
    const version = isIP(address);
    if (version === 0 || more.length > 0) throw new Error('not an address');
    const longest = version === 6 ? 128 : 32;
    const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (length < 0 || length > longest) throw new Error('not a prefix length');
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
