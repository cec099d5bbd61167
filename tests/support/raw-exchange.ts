import { connect } from 'node:net';
import { lookAtErrorBody } from './error-bodies';

/** A request as it goes over the wire: nothing of it is normalised, as a URL parser or an HTTP client would. */
export interface RawExchange {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Content-Length too: a body may be announced falsely. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** `status` 0: the server closed the connection without an answer, or said nothing within the time. */
export interface RawOutcome {
  readonly status: number;
  readonly body: string;
}

/**
 * One request over a bare socket, answered or not. Never rejects for what the server does.
 * @param silenceMs how long the server may say nothing: one that waits for bytes which never come says nothing for ever
 */
export function exchange(origin: string, request: RawExchange, silenceMs = 10_000): Promise<RawOutcome> {
  const { promise, resolve } = Promise.withResolvers<RawOutcome>();
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (isWhole(text)) socket.destroy();
  });
  // a refusal may come while the body is still being written
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    const outcome = outcomeOf(text);
    // what a store of others answers, whose requests have no such id, is not ours to word
    if (/^x-request-id: /im.test(text))
      lookAtErrorBody(`${request.method} ${request.target}`, outcome.status, outcome.body);
    resolve(outcome);
  });
  socket.write(headOf(request, host));
  if (request.body) socket.write(request.body);
  return promise;
}

function headOf({ method, target, headers }: RawExchange, host: string): string {
  const all = { host, ...headers, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function isWhole(text: string): boolean {
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  const end = text.indexOf('\r\n\r\n');
  return end !== -1 && length !== undefined && text.length - end - 4 >= Number(length);
}

function outcomeOf(text: string): RawOutcome {
  const end = text.indexOf('\r\n\r\n');
  return end === -1 ? { status: 0, body: '' } : { status: Number(text.slice(9, 12)), body: text.slice(end + 4) };
}
