import { request } from 'node:http';
import type { RestRoute } from '../../../src/platform/http/procedure-routes';
import { multipartType } from '../multipart';
import { seen } from '../seller-client';
import type { Access, Ids } from './access-table';

/** Status, and the code of an error or `done`. */
export type Answer = readonly [status: number, code: string];

const authorized = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` };

/** As its REST route has it: ids in the path, the rest in the query or the body. */
export async function byRest(
  url: string,
  route: RestRoute,
  { input, form }: Access,
  ids: Ids,
  token: string | null,
): Promise<Answer> {
  const rest = { ...input(ids) };
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  const headers = authorized(token);
  const query = route.method === 'GET' ? `?${new URLSearchParams(rest as Record<string, string>)}` : '';
  return answerOf(
    await fetch(url + path + query, { method: route.method, ...bodyOf(route.method, rest, form?.(ids), headers) }),
  );
}

export async function byTrpc(
  url: string,
  name: string,
  type: string,
  { input, form }: Access,
  ids: Ids,
  token: string | null,
): Promise<Answer> {
  const headers = authorized(token);
  const method = type === 'mutation' ? 'POST' : 'GET';
  const query = method === 'GET' ? `?input=${encodeURIComponent(JSON.stringify(input(ids)))}` : '';
  return answerOf(
    await fetch(`${url}/trpc/${name}${query}`, { method, ...bodyOf(method, input(ids), form?.(ids), headers) }),
  );
}

/** The status of a GET; of one that asks for a WebSocket, which is closed at once. */
export function statusOf(url: string, token: string | null, upgrade = false): Promise<number> {
  const handshake = {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request(url, { headers: { ...authorized(token), ...(upgrade ? handshake : {}) }, agent: false });
  asked.on('response', (response) => {
    resolve(response.statusCode ?? 0);
    response.destroy();
  });
  asked.on('upgrade', (response, socket) => {
    resolve(response.statusCode ?? 0);
    socket.destroy();
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

function bodyOf(method: string, input: object, form: Buffer | undefined, headers: Record<string, string>): RequestInit {
  if (method === 'GET') return { headers };
  if (form) return { body: new Uint8Array(form), headers: { ...headers, 'content-type': multipartType() } };
  return { body: JSON.stringify(input), headers: { ...headers, 'content-type': 'application/json' } };
}

async function answerOf(response: Response): Promise<Answer> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream'))
    return [response.status, await told(response)];
  if (response.ok) {
    await response.body?.cancel();
    return [response.status, 'done'];
  }
  const [status, code] = await seen(response);
  return [status, code ?? ''];
}

/** An error comes at once; a stream without one has no end, and is left after a while. */
async function told(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const left = setTimeout(() => reader.cancel(), 300);
  const decoder = new TextDecoder();
  let text = '';
  for (let next = await reader.read(); !next.done && !text.includes('serialized-error'); next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
  }
  clearTimeout(left);
  await reader.cancel();
  return /serialized-error[\s\S]*"code":"(\w+)"/.exec(text)?.[1] ?? 'done';
}
