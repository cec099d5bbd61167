import type { ByteGrant } from '../admission/byte-budget';
import type { AdmitBytes } from '../admission/upload-admission';
import { ClientDisconnected } from './client-disconnected';
import { type Exchange, exchangeOf } from './exchange';
import { MultipartInput } from './multipart-input';
import type { MultipartBody } from './multipart-port';

export interface MultipartParts {
  /** The unread body of a request under the limits of this installation. */
  readonly multipartBody: (request: Request) => MultipartBody;
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
  const body = parts.multipartBody(request);
  const exchange = exchangeOf(request);
  const grant = await admitted(parts, exchange, body);
  const counted = countedBody(body, (bytes) => {
    exchange.receivedBytes += bytes;
    grant?.received(bytes);
    parts.ingested(bytes);
  });
  return new MultipartInput(counted, params);
}

/** What is announced to be over the limit is refused anyway, unread: it need not wait for room. */
async function admitted(
  { admitBytes, maxBytes }: MultipartParts,
  exchange: Exchange,
  { contentLength, signal }: MultipartBody,
): Promise<ByteGrant | null> {
  if (contentLength !== null && contentLength > maxBytes) return null;
  const party = exchange.userId ?? exchange.address ?? '';
  try {
    const grant = await admitBytes({ party, bytes: contentLength ?? maxBytes, signal });
    // its files are gone then, however it ended
    exchange.untilAnswered(() => grant.release());
    return grant;
  } catch (error) {
    throw signal.aborted ? new ClientDisconnected(error) : error;
  }
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
