import { until } from './server';

/** As it stands on the wire. */
export interface WireMessage {
  readonly id?: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface TestSocket {
  readonly messages: readonly WireMessage[];
  /** Of the kept events, in the order in which they came. */
  readonly ids: () => number[];
  readonly protocol: () => string;
  /** Code and reason, once it is closed; a refusal before the upgrade is 1002 or 1006. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
  close(): void;
}

/** Opens a WebSocket and waits until it is open, or was refused. */
export async function openSocket(
  url: string,
  path: string,
  how: { token?: string; headers?: Record<string, string> } = {},
): Promise<TestSocket> {
  const messages: WireMessage[] = [];
  const options = {
    ...(how.token === undefined ? {} : { protocols: ['bearer', how.token] }),
    ...(how.headers === undefined ? {} : { headers: how.headers }),
  };
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, options as unknown as string[]);
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<readonly [number, string]>();
  socket.onmessage = ({ data }) => void messages.push(JSON.parse(String(data)));
  socket.onopen = () => opened.resolve();
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => {
    opened.resolve();
    closed.resolve([code, reason]);
  };
  await opened.promise;
  return {
    messages,
    ids: () => messages.flatMap(({ id }) => id ?? []),
    protocol: () => socket.protocol,
    closed: closed.promise,
    close: () => socket.close(),
  };
}

/** The answer to a handshake that is refused, as a client that is no browser sees it. */
export async function refusedHandshake(url: string, path: string, headers: Record<string, string> = {}) {
  const handshake = {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const response = await fetch(url + path, { headers: { ...handshake, ...headers } });
  const { error } = (await response.json()) as { error: { code: string; request_id: string } };
  return { status: response.status, code: error.code, requestId: error.request_id };
}

export function untilMessages(socket: TestSocket, count: number): Promise<void> {
  return until(() => socket.messages.length >= count, `${count} messages; they are ${JSON.stringify(socket.messages)}`);
}
