import { type Clock, earlier } from './kernel/clock';
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
  /** Null where the credentials that sign do not end. */
  signsUntil(): Date | null;
}

/** The longest life that callers may ask for. */
export const LONGEST_GET_SECONDS = 3600;

/** With the bucket of the clock that it was signed in: what is signed now has stopped to work after that, whoever asked for it. */
export const LONGEST_LIFE_SECONDS = LONGEST_GET_SECONDS * 1.5;

/** Below this, browsers would hardly meet the same URL twice. */
const BUCKET_LEAST_SECONDS = 30;

/**
 * The products' signed image URLs on the object store's signer: immutable, shown in the browser under their own name, and the
 * same byte for byte inside one bucket of the clock, so that a client that asks again finds the image in its cache.
 * A bucket is half as long as the time asked for, and the URL lives so much longer: it is valid for at least that time whenever
 * in the bucket it is handed out. Where the credentials that sign end before, it ends with them, and begins anew with the next ones.
 * @param cdnBaseUrl CDN_BASE_URL: takes the place of the origin, and shared caches may keep the image
 */
export function signedImageUrls(store: GetSigner, clock: Clock, cdnBaseUrl?: string) {
  const scope = cdnBaseUrl === undefined ? 'private' : 'public';
  return {
    sign(key: ObjectKey, wanted: { expiresInSeconds: number; contentType: string; fileName: string }) {
      const { issuedAt, bucketSeconds } = bucketOf(clock(), wanted.expiresInSeconds);
      const asked = issuedAt.getTime() + (bucketSeconds + wanted.expiresInSeconds) * 1000;
      const times = { issuedAt, expiresAt: earlier(new Date(asked), store.signsUntil()) };
      const response = {
        contentType: wanted.contentType,
        contentDisposition: `inline; filename="${wanted.fileName}"`,
        ...(store.kind === 's3'
          ? { cacheControl: `${scope}, max-age=${leftAfter(bucketSeconds, times)}, immutable` }
          : {}),
      };
      const url = store.signGet({ key, ...times, response });
      return { url: cdnBaseUrl === undefined ? url : cdnBaseUrl + pathAndQuery(url), expiresAt: times.expiresAt };
    },
  };
}

function bucketOf(now: Date, expiresInSeconds: number): { issuedAt: Date; bucketSeconds: number } {
  const bucketSeconds = Math.max(BUCKET_LEAST_SECONDS, Math.floor(expiresInSeconds / 2));
  const issuedSeconds = Math.floor(now.getTime() / 1000 / bucketSeconds) * bucketSeconds;
  return { issuedAt: new Date(issuedSeconds * 1000), bucketSeconds };
}

/** Part of the URL: what is left now would make another URL every second. As a rule it is the time asked for. */
function leftAfter(bucketSeconds: number, { issuedAt, expiresAt }: { issuedAt: Date; expiresAt: Date }): number {
  return Math.max(0, Math.floor((expiresAt.getTime() - issuedAt.getTime()) / 1000) - bucketSeconds);
}

/** Not by URL: it would percent-encode anew what has been signed, and hundreds are made in one request. */
function pathAndQuery(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}
