import type { ObjectKey } from '../../../../kernel/object-key';
import type { ByteRange } from '../../domain/object-store';
import { ObjectMissing, RangeNotSatisfiable } from '../../domain/store-errors';
import { AttemptTimedOut, withAttempts } from './attempts';
import type { S3StoreConfig } from './s3-config';
import { isKeyRefusal, refusalOf, storageUnavailable } from './s3-faults';
import type { S3Signer } from './s3-signer';

export interface GetParts {
  readonly config: S3StoreConfig;
  readonly signer: S3Signer;
}

/** Retried until the answer begins; from then on the stream errors where the store falls silent. */
export async function getObject(
  parts: GetParts,
  key: ObjectKey,
  range?: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const { retries, timeoutMs } = parts.config;
  return withAttempts({ retries, deadlineMs: timeoutMs }, async (signal) => {
    await parts.signer.ready();
    // the attempt's signal ends with the attempt, the stream's own with the stream
    const stream = new AbortController();
    const abort = () => stream.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const { signal: silence } = stream;
    const request = { headers: headersFor(range), decompress: false, signal: silence, redirect: 'error' } as const;
    const response = await fetch(parts.signer.ownGet(key), request);
    const body = await bodyOf(response, key);
    signal.removeEventListener('abort', abort);
    return body ? untilSilent(body, timeoutMs, stream) : new Blob([]).stream();
  });
}

/**
 * The bytes as they are stored, and as their digest says: nothing on the way is to pack them, and nothing here unpacks them. Whoever
 * put an object may have said that it is packed, and a few bytes of it may unpack to gigabytes.
 */
function headersFor(range: ByteRange | undefined): Record<string, string> {
  const whole = { 'accept-encoding': 'identity' };
  return range ? { ...whole, range: `bytes=${range.start}-${range.end}` } : whole;
}

async function bodyOf(response: Response, key: ObjectKey): Promise<ReadableStream<Uint8Array> | null> {
  if (response.ok) return response.body;
  const refusal = await refusalOf(response);
  if (refusal.status === 404 || isKeyRefusal(refusal, key)) throw new ObjectMissing(key);
  if (refusal.status === 416) throw new RangeNotSatisfiable(key);
  throw refusal;
}

/** Passes the bytes on; the wait for each chunk is bounded. A reader that is slow itself is not. */
function untilSilent(
  body: ReadableStream<Uint8Array>,
  timeoutMs: number,
  connection: AbortController,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await nextChunk(reader, timeoutMs, connection);
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        pull(controller).catch((error) => {
          throw storageUnavailable(error);
        }),
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timeoutMs: number,
  connection: AbortController,
) {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => silence.reject(new AttemptTimedOut(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([reader.read(), silence.promise]);
  } catch (error) {
    connection.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
