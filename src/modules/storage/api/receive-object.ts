import { AppError } from '../../../kernel/app-error';
import type { ObjectKey } from '../../../kernel/object-key';
import type { StagedFile } from '../../../kernel/staged-file';
import type { AdmitBytes } from '../../../platform/admission/upload-admission';
import { type BodyPace, DEFAULT_PACE } from '../../../platform/http/body-pace';
import { BodySource } from '../../../platform/http/body-source';
import { ClientDisconnected } from '../../../platform/http/client-disconnected';
import { exchangeOf } from '../../../platform/http/exchange';
import type { StagingArea } from '../../../platform/staging/staging-area';
import type { LocalObjects } from '../domain/local-objects';
import type { GrantedPut, SignedUrlVerifier } from '../domain/signed-urls';
import { ChecksumMismatch, KeyNotUsable, ObjectExists } from '../domain/store-errors';
import { etagOf } from './deliver-object';

export interface ReceptionParts {
  readonly store: Pick<LocalObjects, 'putOnce'>;
  readonly urls: SignedUrlVerifier;
  readonly staging: StagingArea;
  readonly admitBytes?: AdmitBytes;
  /** Of a body; what is absent is as everywhere. */
  readonly pace?: Partial<BodyPace>;
  /** Told of every key whose bytes have come and are kept; it neither waits nor fails. */
  readonly received: (key: ObjectKey) => void;
}

/**
 * Answers PUT of a signed URL: takes exactly the bytes that were signed for, once. Where the key is taken it answers 412, as S3
 * does, also for the same bytes: whoever had no answer to an earlier try knows by that that they have arrived.
 * Nothing stays on a failure: the staging folder goes, and the key is given only to complete, verified bytes.
 */
export async function receiveObject(parts: ReceptionParts, request: Request): Promise<Response> {
  const grant = parts.urls.verifyPut(new URL(request.url));
  refuseOtherThanSigned(request.headers, grant);
  const room = await admitted(parts, request, grant.sizeBytes);
  try {
    return await receive(parts, request, grant, (bytes) => room?.received(bytes));
  } finally {
    room?.release();
  }
}

/** Whose URL it is does not stand in it: the address that it comes from answers for the bytes. */
async function admitted({ admitBytes }: ReceptionParts, request: Request, bytes: number) {
  const { signal } = request;
  const party = exchangeOf(request).address ?? '';
  return admitBytes?.({ party, bytes, signal }).catch((error) => {
    throw signal.aborted ? new ClientDisconnected(error) : error;
  });
}

async function receive(
  parts: ReceptionParts,
  request: Request,
  grant: GrantedPut,
  onBytes: (bytes: number) => void,
): Promise<Response> {
  const folder = await parts.staging.open();
  try {
    const bytes = bytesOf(parts, request, grant.sizeBytes);
    const file = await folder.stage(bytes, (chunk) => onBytes(chunk.byteLength));
    if (file.sizeBytes !== grant.sizeBytes || file.sha256 !== grant.sha256) throw wrongBytes();
    await store(parts.store, grant, file, request.signal);
    parts.received(grant.key);
    return new Response(null, { status: 200, headers: { etag: etagOf(file) } });
  } finally {
    await folder.remove();
  }
}

/** As S3 does with signed headers that were changed. @throws AppError FORBIDDEN */
function refuseOtherThanSigned(headers: Headers, grant: GrantedPut): void {
  const length = headers.get('content-length');
  if (headers.get('content-type') !== grant.contentType || length !== String(grant.sizeBytes)) {
    throw new AppError('FORBIDDEN', 'Content-Type and Content-Length must be those that the URL was signed for.');
  }
}

/** At the pace that every upload must keep. */
async function* bytesOf(parts: ReceptionParts, request: Request, sizeBytes: number): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  const pace = { ...DEFAULT_PACE, ...parts.pace };
  const source = new BodySource(request.body, request.signal, sizeBytes, pace);
  try {
    for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) yield chunk;
  } finally {
    source.close();
  }
}

async function store(
  into: ReceptionParts['store'],
  grant: GrantedPut,
  file: StagedFile,
  signal: AbortSignal,
): Promise<void> {
  try {
    await into.putOnce(grant.key, file, signal);
  } catch (error) {
    if (error instanceof ObjectExists) throw taken();
    if (error instanceof ChecksumMismatch) throw wrongBytes();
    if (error instanceof KeyNotUsable) throw new AppError('VALIDATION_FAILED', 'This store cannot hold such a key.');
    throw error;
  }
}

/** @see RFC 9110, 15.5.13: what S3 answers to If-None-Match, which the signature binds there */
function taken(): AppError {
  return new AppError('CONFLICT', 'This has been stored already; it is written once.', { httpStatus: 412 });
}

function wrongBytes(): AppError {
  return new AppError('MALFORMED_REQUEST', 'The bytes are not those that the URL was signed for.');
}
