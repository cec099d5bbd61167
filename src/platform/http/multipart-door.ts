import { exchangeOf } from './exchange';
import { MultipartInput } from './multipart-input';
import type { MultipartBody } from './multipart-port';

/** Bun's idle timeout in seconds while a body arrives: small reads alone do not put it off. */
const UPLOAD_IDLE_SECONDS = 10;

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
  const body = parts.multipartBody(request, () => parts.putOffIdleTimeout(request, UPLOAD_IDLE_SECONDS));
  const exchange = exchangeOf(request);
  const counted = countedBody(body, (bytes) => {
    exchange.receivedBytes += bytes;
    parts.ingested(bytes);
  });
  return new MultipartInput(counted, params);
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
