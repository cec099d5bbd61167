import { connect, type Socket } from 'node:net';
import { lookAtErrorBody } from './error-bodies';

export interface RawAnswer {
  readonly status: number;
  /** Of a chunked answer too, without the chunk sizes. */
  readonly body: string;
}

export interface RawRequest {
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Writes the body; what it does not write is never sent. */
  readonly send: (write: (bytes: Uint8Array) => Promise<void>, socket: Socket) => Promise<void>;
}

/**
 * One POST over a bare socket: no client library decides when to stop sending or when to read.
 * @throws Error when the connection ends without an answer
 */
export async function rawPost(port: number, request: RawRequest): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  const answer = answerOn(socket);
  answer.catch(() => undefined);
  const lines = Object.entries({ host: 'test.invalid', ...request.headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`POST ${request.path ?? '/'} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await request.send((bytes) => writeAll(socket, bytes), socket);
  try {
    const { isOurs, ...said } = await answer;
    if (isOurs) lookAtErrorBody(`POST ${request.path ?? '/'}`, said.status, said.body);
    return said;
  } finally {
    socket.destroy();
  }
}

function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));
}

/** The answers of our whole server have a request's id; those of a test's own server have not. */
interface ReadAnswer extends RawAnswer {
  readonly isOurs: boolean;
}

function answerOn(socket: Socket): Promise<ReadAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const answer = parse(text);
      if (answer) resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed without an answer, after: ${text.slice(0, 200)}`)));
  });
}

function parse(text: string): ReadAnswer | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const isOurs = /^x-request-id: /im.test(head);
  const rest = text.slice(end + 4);
  if (/transfer-encoding: chunked/i.test(head)) {
    if (!rest.endsWith('0\r\n\r\n')) return null;
    return { status, isOurs, body: rest.replace(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n$/, '') };
  }
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return rest.length < length ? null : { status, isOurs, body: rest.slice(0, length) };
}
