import type { Answer, PreparedRequest } from './http-connection';
import type { PutTarget } from './jobs';

const NOTHING = new Uint8Array();

export function put({ url, headers, isCopy }: PutTarget, bytes: Uint8Array | undefined): PreparedRequest {
  const photo = isCopy ? NOTHING : bytes;
  if (!photo) throw new Error('more targets than photos');
  return { head: head('PUT', new URL(url), { ...headers, 'content-length': String(photo.length) }), body: photo };
}

export function head(method: string, url: URL, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

export function requireSuccess({ status, body }: Answer): void {
  if (status < 200 || status > 299) throw new Error(`${status}: ${body.slice(0, 500)}`);
}
