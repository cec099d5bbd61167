import { AppError } from '../../kernel/app-error';
import { type BodyPace, DEFAULT_PACE } from './body-pace';
import { BodySource, requestTooLarge } from './body-source';
import { exchangeOf } from './exchange';

/** 1 MiB: the largest JSON that the API can need is a list of some hundred ids. */
const MAX_JSON_BYTES = 1024 * 1024;
// A body of this size comes in one or two packets: reading it as a stream would cost a third of the throughput (measured).
const SMALL_BYTES = 64 * 1024;

/**
 * The body as text, bounded in size and slowness.
 * @throws AppError REQUEST_TOO_LARGE (a length announced over the limit is refused unread), REQUEST_TIMEOUT; ClientDisconnected
 */
export async function boundedText(
  request: Request,
  maxBytes = MAX_JSON_BYTES,
  pace: BodyPace = DEFAULT_PACE,
): Promise<string> {
  const { body } = request;
  if (body === null) return '';
  const length = announcedLength(request);
  if (length !== null && length > maxBytes) throw requestTooLarge(maxBytes);
  const isSmall = length !== null && length <= SMALL_BYTES;
  const text = isSmall
    ? await textInTime(request, pace.graceMs)
    : await collectedText(body, request.signal, maxBytes, pace);
  exchangeOf(request).bodyRead = true;
  return text;
}

/**
 * The JSON object of the body; an empty body is an empty object.
 * @throws AppError MALFORMED_REQUEST, REQUEST_TOO_LARGE, REQUEST_TIMEOUT; ClientDisconnected
 */
export async function jsonObject(request: Request): Promise<Record<string, unknown>> {
  if (request.body === null) return {};
  const type = request.headers.get('content-type');
  if (type !== null && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new AppError('MALFORMED_REQUEST', 'The body must be application/json.');
  }
  const text = await boundedText(request);
  if (text === '') return {};
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('MALFORMED_REQUEST', 'The body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('MALFORMED_REQUEST', 'The body is not JSON.', { cause });
  }
}

async function textInTime(request: Request, ms: number): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new AppError('REQUEST_TIMEOUT')), ms);
  try {
    return await Promise.race([request.text(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function collectedText(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  maxBytes: number,
  pace: BodyPace,
): Promise<string> {
  const source = new BodySource(body, signal, maxBytes, pace);
  const chunks: Uint8Array[] = [];
  try {
    for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) chunks.push(chunk);
  } finally {
    source.close();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function announcedLength(request: Request): number | null {
  const length = request.headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) : null;
}
