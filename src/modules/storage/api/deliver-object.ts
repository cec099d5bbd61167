import { existsSync } from 'node:fs';
import { AppError } from '../../../kernel/app-error';
import type { Clock } from '../../../kernel/clock';
import type { LocalObjects } from '../domain/local-objects';
import type { ByteRange, ObjectHead } from '../domain/object-store';
import type { GrantedGet, SignedUrlVerifier } from '../domain/signed-urls';
import { parseRange } from './byte-range';
import { isKnown, maySend } from './preconditions';

export interface DeliveryParts {
  readonly objects: LocalObjects;
  readonly urls: SignedUrlVerifier;
  readonly clock: Clock;
  /** `public` where a CDN is to keep what it delivers. */
  readonly cacheScope: 'private' | 'public';
}

const HARMLESS = {
  'x-content-type-options': 'nosniff',
  // bytes of strangers under our own origin: nothing in them may run
  'content-security-policy': "sandbox; default-src 'none'",
  // pages of other origins show it: the URL is the permission
  'cross-origin-resource-policy': 'cross-origin',
};

/** Answers GET and HEAD of a signed URL: the object or (to GET alone: RFC 9110, 14.2) a range of it, sent by the kernel from its file. */
export async function deliverObject(parts: DeliveryParts, request: Request): Promise<Response> {
  const { objects, urls } = parts;
  const grant = urls.verifyGet(new URL(request.url));
  const found = await objects.locate(grant.key);
  // Its bytes may have been read for their digest, and it deleted meanwhile. Bun opens the file only after this has returned: whoever
  // waits here gives it time to go. What goes even so is answered by platform/http/unsendable.ts.
  if (!found || !existsSync(found.path)) throw new AppError('NOT_FOUND');
  if (!maySend(request.headers.get('if-match'), etagOf(found.head))) throw another();
  const headers = headersOf(parts, grant, found.head);
  if (isKnown(request.headers.get('if-none-match'), etagOf(found.head))) {
    return new Response(null, { status: 304, headers });
  }
  const range = request.method === 'GET' ? rangeWanted(request.headers, found.head) : null;
  if (range === 'unsatisfiable') return noSuchRange(found.head);
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${found.head.sizeBytes}`);
  const { start, end } = range ?? { start: 0, end: found.head.sizeBytes - 1 };
  headers.set('content-length', String(end - start + 1));
  const status = range ? 206 : 200;
  return new Response(request.method === 'HEAD' ? null : bytesOf(found, range), { status, headers });
}

/**
 * Of a whole file Bun answers Range by itself: what this door leaves alone it would read in its own way, and refuse in the image's
 * name what is not there, for caches to keep. To one byte more than there is it sends all there is, and looks at no Range.
 */
function bytesOf({ path, head }: { path: string; head: ObjectHead }, range: ByteRange | null): Blob {
  const file = Bun.file(path);
  return range ? file.slice(range.start, range.end + 1) : file.slice(0, head.sizeBytes + 1);
}

/** It is of the request, not of the image: nothing that the image says of itself is true of it. */
function noSuchRange({ sizeBytes }: ObjectHead): Response {
  const headers = { 'content-range': `bytes */${sizeBytes}`, 'cache-control': 'no-store', ...HARMLESS };
  return new Response(null, { status: 416, headers });
}

/** The tag is the content's sha-256: it stays right when the object moves to another store. */
export function etagOf(head: Pick<ObjectHead, 'sha256'>): string {
  return `"${head.sha256}"`;
}

function headersOf({ clock, cacheScope }: DeliveryParts, grant: GrantedGet, head: ObjectHead): Headers {
  const remaining = Math.max(0, Math.floor((grant.expiresAt.getTime() - clock().getTime()) / 1000));
  const type = grant.response?.contentType ?? head.contentType ?? 'application/octet-stream';
  return new Headers({
    etag: etagOf(head),
    'accept-ranges': 'bytes',
    'content-type': type,
    'content-disposition': grant.response?.contentDisposition ?? (type.startsWith('image/') ? 'inline' : 'attachment'),
    // no longer than the URL: whoever may not read any more must not find it in a cache
    'cache-control': grant.response?.cacheControl ?? `${cacheScope}, max-age=${remaining}, immutable`,
    ...HARMLESS,
  });
}

/** Who wants one version only is told that this is another, as by S3. @see RFC 9110, 15.5.13 */
function another(): AppError {
  return new AppError('CONFLICT', 'What is there is not what If-Match names.', { httpStatus: 412 });
}

/** A range asked for under another tag is of other bytes: then the whole is sent. @see RFC 9110, 13.1.5 */
function rangeWanted(headers: Headers, head: ObjectHead): ByteRange | null | 'unsatisfiable' {
  const condition = headers.get('if-range');
  if (condition !== null && condition !== etagOf(head)) return null;
  return parseRange(headers.get('range'), head.sizeBytes);
}
