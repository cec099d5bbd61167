import type { ByteGrant } from '../admission/byte-budget';
import type { AdmitBytes } from '../admission/upload-admission';
import { ClientDisconnected } from './client-disconnected';
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
  readonly admitBytes: AdmitBytes;
  /** Of one body, which `multipartBody` holds to it. */
  readonly maxBytes: number;
}

/**
 * What a procedure with a multipart input gets, from either door: there is room for it, and nothing has been read yet.
 * @throws AppError OVERLOADED; ClientDisconnected while it waited
 */
export async function multipartInputOf(
  parts: MultipartParts,
  request: Request,
  params: Readonly<Record<string, string>> = {},
): Promise<MultipartInput<MultipartBody>> {
  const stayOpen = () => parts.putOffIdleTimeout(request, UPLOAD_IDLE_SECONDS);
  const body = parts.multipartBody(request, stayOpen);
  const exchange = exchangeOf(request);
  const grant = await admitted(parts, exchange, body, stayOpen);
  const counted = countedBody(body, (bytes) => {
    exchange.receivedBytes += bytes;
    grant?.received(bytes);
    parts.ingested(bytes);
  });
  const read: MultipartBody['read'] = (visitor) =>
    counted.read(visitor).finally(() => untilAnswered(exchange, stayOpen));
  return new MultipartInput({ ...counted, read }, params);
}

/** What is announced to be over the limit is refused anyway, unread: it need not wait for room. */
async function admitted(
  { admitBytes, maxBytes }: MultipartParts,
  exchange: Exchange,
  { contentLength, signal }: MultipartBody,
  stayOpen: () => void,
): Promise<ByteGrant | null> {
  if (contentLength !== null && contentLength > maxBytes) return null;
  const party = exchange.userId ?? exchange.address ?? '';
  try {
    const grant = await admitBytes({ party, bytes: contentLength ?? maxBytes, signal, stayOpen });
    // its files are gone then, however it ended
    exchange.untilAnswered(() => grant.release());
    return grant;
  } catch (error) {
    throw signal.aborted ? new ClientDisconnected(error) : error;
  }
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
