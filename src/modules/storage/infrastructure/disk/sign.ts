import { timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../../kernel/app-error';
import { type Clock, systemClock } from '../../../../kernel/clock';
import { type ObjectKey, objectKey, requireSignable } from '../../../../kernel/object-key';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';
import type { PresignedRequest, SignedGet, SignedPut } from '../../domain/object-store';
import type { GrantedGet, GrantedPut, SignedUrlVerifier } from '../../domain/signed-urls';
import { percentEncode, percentEncodePath } from '../percent-encode';

export interface DiskUrlSignerOptions {
  readonly bucket: string;
  /** Asked for each URL: the port may be known only after listening. Without a slash at the end. */
  readonly publicUrl: () => string;
  readonly secret: Secret;
  /** Still accepted, never signed with: so that URLs outlive a change of the secret. */
  readonly previousSecret?: Secret;
  readonly clock?: Clock;
}

type Parameters = readonly (readonly [name: string, value: string])[];
type Method = 'GET' | 'PUT';
type Secret = string | Uint8Array;

const RESPONSE_PARAMETERS = [
  ['response-content-type', 'contentType'],
  ['response-content-disposition', 'contentDisposition'],
  ['response-cache-control', 'cacheControl'],
] as const;
const PUT_PARAMETERS = ['expires', 'content-type', 'content-length', 'sha256'];
const GET_PARAMETERS = ['expires', ...RESPONSE_PARAMETERS.map(([name]) => name)];

/**
 * Signed URLs of the disk store: `{publicUrl}/files/{bucket}/{key}?expires=…&…&signature=…`. The signature is an HMAC-SHA256 over
 * method, bucket, key and every parameter, in a fixed order: the same request gives the same URL, and nothing in it can be changed.
 * `issuedAt` is not in it: it has no meaning to the door.
 */
export class DiskUrlSigner implements SignedUrlVerifier {
  private readonly clock: Clock;
  /** Keyed, to be copied for each signature: that with the secret, then that with the previous one. */
  private readonly macs: readonly [Bun.CryptoHasher, ...Bun.CryptoHasher[]];

  constructor(private readonly options: DiskUrlSignerOptions) {
    this.clock = options.clock ?? systemClock;
    const keyed = (secret: Secret) => new Bun.CryptoHasher('sha256', secret);
    const { secret, previousSecret } = options;
    this.macs = [keyed(secret), ...(previousSecret === undefined ? [] : [keyed(previousSecret)])];
  }

  signGet(request: SignedGet): string {
    const parameters: [string, string][] = [['expires', seconds(request.expiresAt)]];
    for (const [name, field] of RESPONSE_PARAMETERS) {
      const value = request.response?.[field];
      if (value !== undefined) parameters.push([name, value]);
    }
    return this.url('GET', requireSignable(request.key), parameters);
  }

  signPut(request: SignedPut): PresignedRequest {
    const parameters: Parameters = [
      ['expires', seconds(request.expiresAt)],
      ['content-type', request.contentType],
      ['content-length', String(request.sizeBytes)],
      ['sha256', request.sha256],
    ];
    const url = this.url('PUT', requireSignable(request.key), parameters);
    const headers = { 'content-type': request.contentType };
    return { method: 'PUT', url, headers, expiresAt: request.expiresAt };
  }

  verifyGet(url: URL): GrantedGet {
    const { key, values } = this.verify('GET', url, GET_PARAMETERS);
    const response: NonNullable<SignedGet['response']> = {};
    for (const [name, field] of RESPONSE_PARAMETERS) {
      const value = values.get(name);
      if (value !== undefined) response[field] = value;
    }
    return { key, expiresAt: this.unexpired(values), response };
  }

  verifyPut(url: URL): GrantedPut {
    const { key, values } = this.verify('PUT', url, PUT_PARAMETERS);
    return {
      key,
      expiresAt: this.unexpired(values),
      contentType: values.get('content-type') ?? refuse(),
      sizeBytes: Number(values.get('content-length') ?? refuse()),
      sha256: digestOf(values.get('sha256')),
    };
  }

  private url(method: Method, key: ObjectKey, parameters: Parameters): string {
    return this.options.publicUrl() + this.signedTarget(this.macs[0], method, key, parameters);
  }

  /** Path and query. */
  private signedTarget(mac: Bun.CryptoHasher, method: Method, key: ObjectKey, parameters: Parameters): string {
    const { bucket } = this.options;
    const signature = sign(mac, method, bucket, key, parameters);
    const query = [...parameters, ['signature', signature] as const]
      .map(([name, value]) => `${name}=${percentEncode(value)}`)
      .join('&');
    return `/files/${bucket}/${percentEncodePath(objectKey(key))}?${query}`;
  }

  /**
   * @throws AppError FORBIDDEN unless the URL is, byte for byte, what would be signed for what it says: neither an unknown
   *   parameter, nor another order or percent-encoding, nor the spare bits of a base64 digit make a second URL of it. What every URL
   *   parser writes in one way (`/./`, `\\`, a bare quote) is compared as it writes it: Bun gives the target no other way
   */
  private verify(method: Method, url: URL, known: readonly string[]): { key: ObjectKey; values: Map<string, string> } {
    const key = keyOf(url, this.options.bucket);
    const values = new Map(url.searchParams);
    const parameters = known.flatMap((name) => {
      const value = values.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const given = Buffer.from(url.pathname + url.search + url.hash);
    const isSigned = this.macs.some((each) => {
      const expected = Buffer.from(this.signedTarget(each, method, key, parameters));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    return isSigned ? { key, values } : refuse();
  }

  private unexpired(values: Map<string, string>): Date {
    const expiresAt = new Date(Number(values.get('expires')) * 1000);
    return expiresAt > this.clock() ? expiresAt : refuse();
  }
}

/** JSON of an array: no two different requests have the same text. */
function sign(mac: Bun.CryptoHasher, method: Method, bucket: string, key: ObjectKey, parameters: Parameters): string {
  const text = JSON.stringify(['files-v1', method, bucket, key, parameters]);
  return mac.copy().update(text).digest('base64url');
}

function seconds(date: Date): string {
  return String(Math.floor(date.getTime() / 1000));
}

function keyOf(url: URL, bucket: string): ObjectKey {
  const before = `/files/${bucket}/`;
  if (!url.pathname.startsWith(before)) refuse();
  try {
    return requireSignable(objectKey(url.pathname.slice(before.length).split('/').map(decodeURIComponent).join('/')));
  } catch {
    return refuse();
  }
}

function digestOf(hex: string | undefined): Sha256 {
  return hex === undefined ? refuse() : sha256FromHex(hex);
}

/** One answer for every reason: it tells a forger nothing. */
function refuse(): never {
  throw new AppError('FORBIDDEN', 'The signature of this URL is not valid, or it has expired.');
}
