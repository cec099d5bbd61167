import { type Clock, earlier, systemClock } from '../../../../kernel/clock';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { PresignedRequest, SignedGet, SignedPut } from '../../domain/object-store';
import { percentEncodePath } from '../percent-encode';
import type { CurrentCredentials } from './credentials';
import { type S3Address, s3Address, s3Path } from './s3-address';
import type { S3StoreConfig } from './s3-config';
import { presign } from './sigv4-presign';
import { bindingHeaders, COPY_GUARD, sseHeaders } from './write-headers';

/**
 * For requests that this process makes at once: as far as Amazon lets clocks differ. Not longer: a write that something on the way
 * holds back can bring back a key that has been deleted meanwhile.
 */
const OWN_EXPIRY_SECONDS = 900;

/** Makes presigned requests: for clients at the public endpoint, for this process at the inner one. */
export class S3Signer {
  private readonly inner: S3Address;
  private readonly outer: S3Address;
  private readonly sse: Record<string, string>;
  private guard: Readonly<Record<string, string>> = COPY_GUARD;

  constructor(
    private readonly config: S3StoreConfig,
    private readonly credentials: CurrentCredentials,
    private readonly clock: Clock = systemClock,
  ) {
    this.inner = s3Address(config, config.endpoint);
    this.outer = s3Address(config, config.publicEndpoint ?? config.endpoint);
    this.sse = sseHeaders(config);
  }

  /** To be awaited before signing where one can wait: loads credentials if there are none that live. */
  async ready(): Promise<void> {
    await this.credentials.fresh();
  }

  /** Of a store that has been seen to refuse what the signature does not name. */
  needsNoGuard(): void {
    this.guard = {};
  }

  /** Null where the credentials do not end. Whole seconds. */
  until(): Date | null {
    const { expiration } = this.credentials.get();
    return expiration ? new Date(Math.floor(expiration.getTime() / 1000) * 1000) : null;
  }

  get({ key, issuedAt, expiresAt, response = {} }: SignedGet): string {
    const query: Record<string, string> = {};
    if (response.contentType !== undefined) query['response-content-type'] = response.contentType;
    if (response.contentDisposition !== undefined) query['response-content-disposition'] = response.contentDisposition;
    if (response.cacheControl !== undefined) query['response-cache-control'] = response.cacheControl;
    return this.url(this.outer, 'GET', { key, issuedAt, expiresAt }, { query });
  }

  put(asked: SignedPut): PresignedRequest {
    const request = { ...asked, expiresAt: this.endOf(asked) };
    const bound = { ...bindingHeaders(request), ...this.sse, ...this.guard };
    const url = this.url(this.outer, 'PUT', request, { headers: bound });
    const { 'content-length': _sentByEveryClient, ...headers } = bound;
    return { method: 'PUT', url, headers, expiresAt: request.expiresAt };
  }

  ownPut(request: Omit<SignedPut, 'issuedAt' | 'expiresAt'>): { url: string; headers: Record<string, string> } {
    const headers = { ...bindingHeaders(request), ...this.sse };
    return { url: this.url(this.inner, 'PUT', { key: request.key, ...this.fromNow() }, { headers }), headers };
  }

  /**
   * The store computes the copy's sha-256 anew, from the bytes that it writes. What else was said of the source is not copied: whoever put
   * it may have sent headers that nobody asked for, and the store kept them (Content-Encoding, x-amz-tagging).
   */
  ownCopy(from: ObjectKey, to: ObjectKey, contentType: string): { url: string; headers: Record<string, string> } {
    const headers = {
      'content-type': contentType,
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-copy-source': this.sourceOf(from),
      'x-amz-metadata-directive': 'REPLACE',
      'x-amz-tagging-directive': 'REPLACE',
      ...this.sse,
    };
    return { url: this.url(this.inner, 'PUT', { key: to, ...this.fromNow() }, { headers }), headers };
  }

  /** As x-amz-copy-source names it. */
  sourceOf(key: ObjectKey): string {
    return percentEncodePath(`${this.config.bucket}/${objectKey(key)}`);
  }

  ownGet(key: ObjectKey): string {
    return this.url(this.inner, 'GET', { key, ...this.fromNow() }, {});
  }

  ownHead(key: ObjectKey): { url: string; headers: Record<string, string> } {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' };
    return { url: this.url(this.inner, 'HEAD', { key, ...this.fromNow() }, { headers }), headers };
  }

  private fromNow(): { issuedAt: Date; expiresAt: Date } {
    const issuedAt = this.clock();
    return { issuedAt, expiresAt: new Date(issuedAt.getTime() + OWN_EXPIRY_SECONDS * 1000) };
  }

  /** A URL that claimed more than its session has would be refused without a word of why. */
  private endOf({ expiresAt }: { expiresAt: Date }): Date {
    return earlier(expiresAt, this.until());
  }

  private url(
    address: S3Address,
    method: 'GET' | 'PUT' | 'HEAD',
    request: { key: ObjectKey; issuedAt: Date; expiresAt: Date },
    signed: { query?: Record<string, string>; headers?: Record<string, string> },
  ): string {
    const { key, issuedAt } = request;
    const lifeMs = this.endOf(request).getTime() - Math.floor(issuedAt.getTime() / 1000) * 1000;
    return presign({
      method,
      origin: address.origin,
      host: address.host,
      path: s3Path(address, key),
      region: this.config.region,
      credentials: this.credentials.get(),
      issuedAt,
      // of a session in its last second: 0 would be no expiry at all, but a malformed one
      expiresInSeconds: Math.max(1, Math.floor(lifeMs / 1000)),
      ...signed,
    });
  }
}
