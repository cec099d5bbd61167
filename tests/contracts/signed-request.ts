import type { RawExchange } from '../support/raw-exchange';

type Parameter = readonly [name: string, value: string];

/** A signed request, taken apart; every part is as it stands on the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Percent-encoded. */
  readonly query: readonly Parameter[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export function takenApart(url: string, rest: Pick<SignedRequest, 'method' | 'headers' | 'body'>): SignedRequest {
  const { pathname, search } = new URL(url);
  return { ...rest, path: pathname, query: search.slice(1).split('&').map(parameterOf) };
}

function parameterOf(pair: string): Parameter {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

export function onTheWire({ path, query, ...rest }: SignedRequest): RawExchange {
  return { ...rest, target: `${path}?${query.map(([name, value]) => `${name}=${value}`).join('&')}` };
}

/**
 * Whether both ask for the same, written in two ways: percent-encoding, dot segments of the path, which are resolved before anybody
 * looks at it (RFC 3986, 5.2.4), and the order of parameters carry no meaning. Of SigV4's own parameters S3 servers read the first
 * of a name and sign nothing else (MinIO, versitygw): a second one is not there. A body ends where its length says so: what follows is
 * no longer of this request.
 */
export function saysTheSame(one: SignedRequest, other: SignedRequest): boolean {
  return meaningOf(one) === meaningOf(other);
}

/** Whether both are one request to every URL parser: of its target, `/./`, `\\` and a bare quote alone may be written in two ways. */
export function isTheSame(one: SignedRequest, other: SignedRequest): boolean {
  const parsed = (request: SignedRequest) => {
    const target = URL.parse(onTheWire(request).target, 'http://store.test');
    return JSON.stringify([target, request.method, sentOf(request)]);
  };
  return parsed(one) === parsed(other);
}

function meaningOf({ method, path, query, ...sent }: SignedRequest): string {
  const parameters = query
    .filter(([name], index) => !name.startsWith('X-Amz-') || query.findIndex(([first]) => first === name) === index)
    .map(([name, value]) => [...new URLSearchParams(`${name}=${value}`)].join('='))
    .sort();
  return JSON.stringify([method, decoded(resolved(path)), parameters, sentOf(sent)]);
}

function sentOf({ headers, body }: Pick<SignedRequest, 'headers' | 'body'>) {
  const names = Object.keys(headers).sort();
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const bytes = Buffer.from(body ?? [])
    .subarray(0, length)
    .toString('latin1');
  return [names.map((name) => [name, headers[name]]), bytes];
}

function resolved(path: string): string {
  return path.startsWith('/') ? new URL(`http://host${path}`).pathname : path;
}

/** What is no valid percent-encoding means itself and nothing else. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return `not decodable: ${text}`;
  }
}
