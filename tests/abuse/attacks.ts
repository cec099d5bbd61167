import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photoOfAbout } from '../support/photos';
import { PASSWORD, PROMPT } from '../support/seller-client';
import type { Site } from './site';
import { type Seen, Wire } from './wire';

/** How much of each. */
export interface Sizes {
  readonly slowSenders: number;
  readonly uploads: number;
  readonly uploadBytes: number;
  readonly logins: number;
  readonly flood: number;
}

export interface Attack {
  readonly name: string;
  /** Every answer that it may get, as `status CODE`; 2xx without one. */
  readonly expected: readonly string[];
  run(site: Site): Promise<Seen[]>;
}

const AT_ONCE = 50;
/** Whom the server does not trust. */
const ELSEWHERE = '127.0.0.9';
const PHOTOS = 8;

export function attacks(sizes: Sizes): Attack[] {
  return [
    {
      name: `${sizes.slowSenders} slow senders`,
      expected: ['408 REQUEST_TIMEOUT', '503 OVERLOADED'],
      run: (site) => slowSenders(site, sizes.slowSenders),
    },
    {
      name: `${sizes.uploads} uploads of ${Math.round(sizes.uploadBytes / 1e6)} MB at once`,
      expected: ['422 INVALID_IMAGE', '503 OVERLOADED'],
      run: (site) => uploads(site, sizes),
    },
    {
      name: `${sizes.logins} logins`,
      expected: ['401 UNAUTHENTICATED', '429 RATE_LIMITED', '503 OVERLOADED'],
      run: (site) => logins(site, sizes.logins),
    },
    {
      name: `${sizes.flood} requests of one client of a trusted proxy`,
      expected: ['401 UNAUTHENTICATED', '429 RATE_LIMITED'],
      run: (site) => flood(site, sizes.flood, '127.0.0.1', (number) => `10.9.8.${number % 256}, 198.51.100.7`),
    },
    {
      name: `${sizes.flood} requests of a proxy that nobody trusts`,
      expected: ['401 UNAUTHENTICATED', '429 RATE_LIMITED'],
      run: (site) => flood(site, sizes.flood, ELSEWHERE, (number) => `198.51.100.${number % 256}`),
    },
  ];
}

/** Announces the largest body and sends some bytes of it now and then. */
async function slowSenders(site: Site, count: number): Promise<Seen[]> {
  const { headers } = await site.account();
  const body = Buffer.alloc(50 * 2 ** 20, '-');
  const slowly = { pieceBytes: 100, pauseMs: 500 };
  return atOnce(count, count, () =>
    once(new Wire(site.port), {
      path: '/api/products',
      headers: { ...headers, 'content-type': multipartType(), 'x-forwarded-for': '198.51.100.1' },
      body,
      slowly,
    }),
  );
}

/** Each is good until its last photo, which is cut off: what was stored of it has to go again. */
async function uploads(site: Site, { uploads: count, uploadBytes }: Sizes): Promise<Seen[]> {
  const accounts = await Promise.all([site.account(), site.account(), site.account(), site.account()]);
  const picture = await photoOfAbout(uploadBytes / PHOTOS);
  const photos = [...Array<Buffer>(PHOTOS - 1).fill(picture), picture.subarray(0, picture.length / 2)];
  const body = multipartBytes(productParts(PROMPT, photos));
  return atOnce(count, count, (number) =>
    once(new Wire(site.port), {
      path: '/api/products',
      headers: {
        ...accounts[number % accounts.length]?.headers,
        'content-type': multipartType(),
        'x-forwarded-for': `198.51.100.${number % 256}`,
      },
      body,
    }),
  );
}

/** Of two clients, each time at another account. */
function logins(site: Site, count: number): Promise<Seen[]> {
  return overWires(site, count, '127.0.0.1', (number) => ({
    path: '/api/auth/login',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `198.51.100.${200 + (number % 2)}` },
    body: Buffer.from(JSON.stringify({ email: `nobody-${number}@example.com`, password: `${PASSWORD} ${number}` })),
  }));
}

/** @param claims what it writes into X-Forwarded-For */
function flood(site: Site, count: number, from: string, claims: (number: number) => string): Promise<Seen[]> {
  return overWires(site, count, from, (number) => ({
    path: '/api/users/me',
    headers: { 'x-forwarded-for': claims(number) },
  }));
}

async function overWires(
  site: Site,
  count: number,
  from: string,
  requestOf: (number: number) => Parameters<Wire['ask']>[0],
): Promise<Seen[]> {
  const wires = Array.from({ length: AT_ONCE }, () => new Wire(site.port, from));
  const answers = await atOnce(count, AT_ONCE, (number, lane) => (wires[lane] as Wire).ask(requestOf(number)));
  for (const wire of wires) wire.close();
  return answers;
}

async function once(wire: Wire, request: Parameters<Wire['ask']>[0]): Promise<Seen> {
  try {
    return await wire.ask(request);
  } finally {
    wire.close();
  }
}

async function atOnce(
  count: number,
  lanes: number,
  ask: (number: number, lane: number) => Promise<Seen>,
): Promise<Seen[]> {
  const answers: Seen[] = [];
  let next = 0;
  const go = async (lane: number) => {
    for (let number = next++; number < count; number = next++) answers.push(await ask(number, lane));
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => go(lane)));
  return answers;
}
