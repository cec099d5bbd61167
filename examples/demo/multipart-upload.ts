import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { DemoError } from './demo-error';
import type { Photo } from './photo';

export interface Upload {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly photos: readonly Photo[];
  /** Most bytes a second, to look like a phone on a slow network; undefined: as fast as it goes. */
  readonly bytesPerSecond?: number | undefined;
  /** Called for each piece once the socket has taken it. */
  readonly onSent: (photo: Photo, sentBytes: number) => void;
}

const PIECE_BYTES = 32 * 1024;
const END_OF_LINE = '\r\n';

/**
 * POSTs a form with photos, as `multipart/form-data` with a Content-Length. It writes with the node:http client because
 * `fetch` does not tell how much of a body has left.
 * @returns status and body of the answer, which may come before everything was sent
 * @throws DemoError the connection was lost
 * @see RFC 7578
 */
export async function uploadForm(upload: Upload): Promise<{ status: number; body: string }> {
  const boundary = `photos-${crypto.randomUUID()}`;
  const parts = upload.photos.map((photo) => ({ photo, head: Buffer.from(photoHead(boundary, photo.name)) }));
  const fields = Buffer.from(fieldParts(boundary, upload.fields));
  const end = Buffer.from(`--${boundary}--${END_OF_LINE}`);
  const photoBytes = parts.reduce(
    (sum, { photo, head }) => sum + head.length + photo.sizeBytes + END_OF_LINE.length,
    0,
  );
  const open = upload.url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = open(upload.url, {
    method: 'POST',
    headers: {
      ...upload.headers,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': fields.length + photoBytes + end.length,
    },
  });
  const answered = answerOf(request);
  const sent = sendBody();
  // A refusal is answered before the body has ended: then the rest need not be sent.
  await Promise.race([sent, answered]);
  const { status, body } = await answered;
  request.destroy();
  return { status, body };

  async function sendBody(): Promise<void> {
    await taken(request, fields);
    for (const { photo, head } of parts) {
      await taken(request, head);
      await sendPhoto(request, photo, upload);
      await taken(request, Buffer.from(END_OF_LINE));
    }
    request.end(end);
  }
}

async function sendPhoto(request: ClientRequest, photo: Photo, { bytesPerSecond, onSent }: Upload): Promise<void> {
  for (let sent = 0; sent < photo.sizeBytes; ) {
    const piece = await photo.file.slice(sent, sent + PIECE_BYTES).bytes();
    await taken(request, piece);
    if (bytesPerSecond !== undefined) await Bun.sleep((piece.length / bytesPerSecond) * 1000);
    sent += piece.length;
    onSent(photo, sent);
  }
}

/** Settles when the socket has taken the bytes: what is counted as sent has left this process. */
function taken(request: ClientRequest, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    request.write(bytes, (error) => (error ? reject(lost(error)) : resolve()));
  });
}

function answerOf(request: ClientRequest): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request.on('error', (error) => reject(lost(error)));
    request.on('response', (response: IncomingMessage) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
  });
}

function lost(error: Error): DemoError {
  return new DemoError(`The connection was lost while uploading: ${error.message}`);
}

function fieldParts(boundary: string, fields: Readonly<Record<string, string>>): string {
  const part = ([name, value]: [string, string]) =>
    [`--${boundary}`, `content-disposition: form-data; name="${name}"`, '', value, ''].join(END_OF_LINE);
  return Object.entries(fields).map(part).join('');
}

/** The server judges the type by the bytes, so none is claimed here. Quotes and line ends as browsers escape them. */
function photoHead(boundary: string, name: string): string {
  const escaped = name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const disposition = `content-disposition: form-data; name="images"; filename="${escaped}"`;
  return [`--${boundary}`, disposition, 'content-type: application/octet-stream', '', ''].join(END_OF_LINE);
}
