import { isIP } from 'node:net';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { percentEncodePath } from '../percent-encode';
import type { S3StoreConfig } from './s3-config';

/** Where a bucket's objects are: `{origin}{basePath}/{key}`. */
export interface S3Address {
  /** `https://host[:port]`, a default port left out, as clients send it in Host. */
  readonly origin: string;
  readonly host: string;
  /** Empty, or begins with a slash and does not end with one. */
  readonly basePath: string;
}

/** @see Amazon S3 user guide, Virtual hosting of buckets */
export function s3Address(
  config: Pick<S3StoreConfig, 'bucket' | 'region' | 'forcePathStyle'>,
  endpoint?: string,
): S3Address {
  const url = new URL(endpoint ?? `https://s3.${config.region}.amazonaws.com`);
  const path = url.pathname.replace(/\/+$/, '');
  if (config.forcePathStyle || cannotCarryBucket(url, config.bucket))
    return { origin: url.origin, host: url.host, basePath: `${path}/${config.bucket}` };
  const host = `${config.bucket}.${url.host}`;
  return { origin: `${url.protocol}//${host}`, host, basePath: path };
}

/** An address has no subdomains, and a wildcard certificate covers one level of them; the AWS SDK decides alike. */
function cannotCarryBucket(url: URL, bucket: string): boolean {
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || bucket.includes('.');
}

/** The path of a key, percent-encoded part by part. @throws TypeError for `..` and the like, which URL parsers resolve */
export function s3Path(address: S3Address, key: ObjectKey): string {
  return `${address.basePath}/${percentEncodePath(objectKey(key))}`;
}
