import type { Clock } from './kernel/clock';
import type { ObjectKey } from './kernel/object-key';

interface GetSigner {
  /** A disk store's door says itself how long a cache may keep what it delivers; S3 says what was signed. */
  readonly kind: 'disk' | 's3';
  signGet(request: {
    key: ObjectKey;
    issuedAt: Date;
    expiresAt: Date;
    response: { contentType: string; contentDisposition: string; cacheControl?: string };
  }): string;
}

/** Below this, browsers would hardly meet the same URL twice. */
const BUCKET_LEAST_SECONDS = 30;

/**
 * The products' signed image URLs on the object store's signer: immutable, shown in the browser under their own name, and the
 * same byte for byte inside one bucket of the clock, so that a client that asks again finds the image in its cache.
 * A bucket is half as long as the time asked for, and the URL lives so much longer: it is valid for at least that time whenever
 * in the bucket it is handed out.
 * @param cdnBaseUrl CDN_BASE_URL: takes the place of the origin, and shared caches may keep the image
 */
export function signedImageUrls(store: GetSigner, clock: Clock, cdnBaseUrl?: string) {
  const scope = cdnBaseUrl === undefined ? 'private' : 'public';
  return {
    sign(key: ObjectKey, wanted: { expiresInSeconds: number; contentType: string; fileName: string }) {
      const times = bucketOf(clock(), wanted.expiresInSeconds);
      const response = {
        contentType: wanted.contentType,
        contentDisposition: `inline; filename="${wanted.fileName}"`,
        // part of the URL: the time that is left would make another URL every second
        ...(store.kind === 's3' ? { cacheControl: `${scope}, max-age=${wanted.expiresInSeconds}, immutable` } : {}),
      };
      const url = store.signGet({ key, ...times, response });
      return { url: cdnBaseUrl === undefined ? url : cdnBaseUrl + pathAndQuery(url), expiresAt: times.expiresAt };
    },
  };
}

function bucketOf(now: Date, expiresInSeconds: number): { issuedAt: Date; expiresAt: Date } {
  const bucketSeconds = Math.max(BUCKET_LEAST_SECONDS, Math.floor(expiresInSeconds / 2));
  const issuedSeconds = Math.floor(now.getTime() / 1000 / bucketSeconds) * bucketSeconds;
  return {
    issuedAt: new Date(issuedSeconds * 1000),
    expiresAt: new Date((issuedSeconds + bucketSeconds + expiresInSeconds) * 1000),
  };
}

/** Not by URL: it would percent-encode anew what has been signed, and hundreds are made in one request. */
function pathAndQuery(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}
