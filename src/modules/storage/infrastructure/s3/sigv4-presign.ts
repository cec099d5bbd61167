import { percentEncode } from '../percent-encode';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface PresignInput {
  readonly method: 'GET' | 'PUT' | 'HEAD' | 'DELETE';
  readonly origin: string;
  readonly host: string;
  /** Percent-encoded already. */
  readonly path: string;
  readonly region: string;
  readonly credentials: SigningCredentials;
  /** Whole seconds are used. */
  readonly issuedAt: Date;
  readonly expiresInSeconds: number;
  /** Parameters to be signed beside SigV4's own: names of small letters and `-`, as S3's all are; values not encoded. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that the holder must send as they are; names in lower case, without `host`, which is always signed. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A presigned URL: the same input gives the same URL, byte for byte. The AWS SDK's presigner gives the same signature (property
 * test); this one is some thirty times faster and can sign headers and a given date.
 * @see AWS Signature Version 4, "Authenticating Requests: Using Query Parameters"
 */
export function presign(input: PresignInput): string {
  const stamp = stampOf(input.issuedAt);
  const day = signingDay(input.credentials, stamp.slice(0, 8), input.region);
  const headers = canonicalHeaders(input);
  const query = canonicalQuery(input, stamp, day, headers.names);
  const request = `${input.method}\n${input.path}\n${query}\n${headers.lines}\n${headers.names}\nUNSIGNED-PAYLOAD`;
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${day.scope}\n${Bun.CryptoHasher.hash('sha256', request, 'hex')}`;
  const signature = day.mac.copy().update(toSign).digest('hex');
  return `${input.origin}${input.path}?${query}&X-Amz-Signature=${signature}`;
}

function canonicalHeaders({ host, headers }: PresignInput): { names: string; lines: string } {
  if (!headers) return { names: 'host', lines: `host:${host}\n` };
  const all: Record<string, string> = { ...headers, host };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${all[name]?.replace(/\s+/g, ' ').trim()}\n`).join('');
  return { names: names.join(';'), lines };
}

/** Sorted by construction: SigV4's own parameters begin with a capital letter, the others with a small one. */
function canonicalQuery(input: PresignInput, stamp: string, day: SigningDay, signedHeaders: string): string {
  const own =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD${day.credential}&X-Amz-Date=${stamp}` +
    `&X-Amz-Expires=${input.expiresInSeconds}${day.token}&X-Amz-SignedHeaders=${signedHeaders.replaceAll(';', '%3B')}`;
  if (!input.query) return own;
  let query = own;
  for (const name of Object.keys(input.query).sort()) query += `&${name}=${percentEncode(input.query[name] ?? '')}`;
  return query;
}

let lastStamp = { of: Number.NaN, text: '' };

/** `20261231T235959Z`. Many URLs are issued at the same time, often the beginning of a bucket of the clock. */
function stampOf(issuedAt: Date): string {
  const of = issuedAt.getTime();
  if (lastStamp.of !== of) lastStamp = { of, text: issuedAt.toISOString().replace(/-|:|\.\d{3}/g, '') };
  return lastStamp.text;
}

/** What is the same for all signatures of one day: the signing key, and parameters as they stand in the query. */
interface SigningDay {
  readonly day: string;
  readonly region: string;
  readonly scope: string;
  readonly credential: string;
  readonly token: string;
  /** Keyed with the signing key; to be copied for each signature. */
  readonly mac: Bun.CryptoHasher;
}

const days = new WeakMap<SigningCredentials, SigningDay>();

function signingDay(credentials: SigningCredentials, day: string, region: string): SigningDay {
  const known = days.get(credentials);
  if (known?.day === day && known.region === region) return known;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = scope.split('/').reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`);
  const made = {
    day,
    region,
    scope,
    credential: `&X-Amz-Credential=${percentEncode(`${accessKeyId}/${scope}`)}`,
    token: sessionToken ? `&X-Amz-Security-Token=${percentEncode(sessionToken)}` : '',
    mac: new Bun.CryptoHasher('sha256', key),
  };
  days.set(credentials, made);
  return made;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return new Bun.CryptoHasher('sha256', key).update(text).digest();
}
