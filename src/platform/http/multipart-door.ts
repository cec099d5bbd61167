import { type Exchange, exchangeOf } from './exchange';
import { MultipartInput } from './multipart-input';
import type { MultipartBody } from './multipart-port';

/** Bun's idle timeout in seconds while a body arrives: small reads alone do not put it off. */
const UPLOAD_IDLE_SECONDS = 10;
const STAY_OPEN_EVERY_MS = 2_000;

export interface MultipartParts {
  /**
   * The unread body of a request under the limits of this installation.
   * @param keepAlive to be called about once a second while the body is read
   */
  readonly multipartBody: (request: Request, keepAlive: () => void) => MultipartBody;
  readonly putOffIdleTimeout: (request: Request, seconds: number) => void;
  readonly ingested: (bytes: number) => void;
}

/** What a procedure with a multipart input gets, from either door: nothing has been read yet. */
export function multipartInputOf(
  parts: MultipartParts,
  request: Request,
  params: Readonly<Record<string, string>> = {},
): MultipartInput<MultipartBody> {
  const stayOpen = () => parts.putOffIdleTimeout(request, UPLOAD_IDLE_SECONDS);
  const body = parts.multipartBody(request, stayOpen);
  const exchange = exchangeOf(request);
  const counted = countedBody(body, (bytes) => {
    exchange.receivedBytes += bytes;
    parts.ingested(bytes);
  });
  const read: MultipartBody['read'] = (visitor) =>
    counted.read(visitor).finally(() => untilAnswered(exchange, stayOpen));
  return new MultipartInput({ ...counted, read }, params);
}

/**
 * What was refused half way is cleaned up before it is answered, which may take a store or a database that is out of order a
 * minute. Bun would close the connection meanwhile, because nobody reads the rest of the body.
 */
function untilAnswered(exchange: Exchange, stayOpen: () => void): void {
  const timer = setInterval(stayOpen, STAY_OPEN_EVERY_MS);
  exchange.untilAnswered(() => clearInterval(timer));
}

function countedBody(body: MultipartBody, count: (bytes: number) => void): MultipartBody {
  return {
    contentLength: body.contentLength,
    signal: body.signal,
    read: (visitor) =>
      body.read({
        field: (name, value) => visitor.field(name, value),
        file: (part) => visitor.file({ ...part, bytes: counted(part.bytes, count) }),
      }),
  };
}

async function* counted(bytes: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    count(chunk.byteLength);
    yield chunk;
  }
}
