import { afterAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { Elysia } from 'elysia';
import { AppError } from '../../src/kernel/app-error';
import { type Doors, SELLER, SELLER_ID, startDoors } from '../support/doors';

const files = new Elysia().all('/files/*', ({ request }) => {
  if (request.url.includes('broken')) throw new Error('disk on fire at /var/data');
  if (request.url.includes('policy')) {
    return new Response('x', { headers: { 'content-security-policy': 'sandbox', 'cache-control': 'private' } });
  }
  if (request.url.includes('unchanged')) return new Response(null, { status: 304 });
  throw new AppError('FORBIDDEN');
});
const live = new Elysia().ws('/ws/:id', { open: (ws) => void ws.send('hello') });
const doors: Doors = startDoors({}, [files, live]);
afterAll(() => doors.stop());

const EVERYWHERE: readonly [string, RequestInit?][] = [
  ['/api/things'],
  ['/api/things', { method: 'POST', headers: SELLER, body: '{' }],
  ['/api/things/x', { headers: SELLER }],
  [`/api/things/${SELLER_ID}`, { method: 'DELETE', headers: SELLER }],
  ['/api/things', { method: 'HEAD' }],
  ['/api/things', { method: 'OPTIONS' }],
  ['/trpc/things.list'],
  ['/trpc/things.list', { method: 'HEAD' }],
  ['/trpc/nothing'],
  ['/files/bucket/key'],
  ['/files/broken'],
  ['/nothing'],
  ['/nothing', { method: 'HEAD' }],
  ['/files/unchanged'],
  ['/files/unchanged', { method: 'HEAD' }],
  ['/healthz'],
  ['/healthz', { method: 'HEAD' }],
  ['/readyz'],
  ['/metrics'],
  ['/openapi.json'],
  ['/docs'],
  ['/docs/swagger-ui.css'],
];

describe.each(EVERYWHERE)('%s (%j)', (path, init) => {
  test('carries a request id, and security headers', async () => {
    const { headers } = await doors.fetch(path, init);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.has('strict-transport-security')).toBe(false);
    expect(headers.get('cache-control')).toMatch(path === '/docs/swagger-ui.css' ? /max-age/ : /no-store|no-cache/);
    expect(headers.has('access-control-allow-origin')).toBe(false);
  });

  test('says when it was given, once', async () => {
    const date = (await doors.fetch(path, init)).headers.get('date');
    expect(date).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  });

  test('repeats an acceptable id of the client', async () => {
    const headers = { ...(init?.headers as Record<string, string>), 'x-request-id': 'Abc-1.2_3' };
    expect((await doors.fetch(path, { ...init, headers })).headers.get('x-request-id')).toBe('Abc-1.2_3');
  });
});

test.each(['', 'a b', 'x'.repeat(65), 'a/b', '<script>', 'ñ', 'a\tb'])('an id like "%s" is replaced', async (id) => {
  const response = await doors.fetch('/healthz', { headers: { 'x-request-id': id } });
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-/);
});

describe('a door of its own', () => {
  test('has its errors answered as everybody else', async () => {
    const refused = await doors.fetch('/files/bucket/key');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const broken = await doors.fetch('/files/broken');
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain('/var/data');
  });

  test('keeps its own policies', async () => {
    const { headers } = await doors.fetch('/files/policy');
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(headers.get('cache-control')).toBe('private');
  });

  test('is logged by its template, never by its path', async () => {
    doors.lines.length = 0;
    await doors.fetch('/files/bucket/key?signature=abcdef');
    expect(doors.lines[0]).toMatchObject({ route: '/files/*', status: 403, error_codes: ['FORBIDDEN'] });
    expect(JSON.stringify(doors.lines)).not.toContain('abcdef');
  });

  test('may be a WebSocket', async () => {
    doors.lines.length = 0;
    const socket = new WebSocket(`${doors.url.replace('http', 'ws')}/ws/7`);
    const message = await new Promise((resolve) => {
      socket.onmessage = (event) => resolve(event.data);
    });
    socket.close();
    expect(message).toBe('hello');
    expect(doors.lines[0]).toMatchObject({ route: '/ws/:id', status: 101 });
    const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const handshake = { ...headers, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'x-request-id': 'ws-1' };
    expect(await rawHead(doors.port, '/ws/7', handshake)).toMatch(/^HTTP\/1\.1 101[\s\S]*x-request-id: ws-1/i);
  });
});

describe('what is logged of a request', () => {
  test('is one line with who, what, how long and how much', async () => {
    doors.lines.length = 0;
    const body = JSON.stringify({ name: 'lamp' });
    const response = await doors.fetch('/api/things', { method: 'POST', body, headers: SELLER });
    const text = await response.text();
    expect(doors.lines).toHaveLength(1);
    expect(doors.lines[0]).toMatchObject({
      level: 'info',
      request_id: response.headers.get('x-request-id'),
      user_id: SELLER_ID,
      method: 'POST',
      route: '/api/things',
      status: 201,
      duration_ms: expect.any(Number),
      bytes_in: body.length,
      bytes_out: text.length,
    });
  });

  test('never holds a token, a ticket or a signature, wherever they were sent', async () => {
    doors.lines.length = 0;
    const headers = { authorization: 'Bearer sekret-1', 'sec-websocket-protocol': 'bearer, sekret-2' };
    for (const path of [
      '/nothing?ticket=sekret-3',
      '/files/a?signature=sekret-4',
      '/api/things?X-Amz-Signature=sekret-5',
    ]) {
      await doors.fetch(path, { headers });
    }
    expect(doors.lines).toHaveLength(3);
    expect(JSON.stringify(doors.lines)).not.toContain('sekret');
  });

  test('is quiet about the machines that ask every few seconds', async () => {
    doors.lines.length = 0;
    await doors.fetch('/healthz');
    expect(doors.lines).toMatchObject([{ level: 'debug', route: '/healthz' }]);
  });
});

/** Status line and headers of one GET, as they come. */
function rawHead(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const lines = Object.entries({ host: 'test.invalid', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`));
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', reject).on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      socket.destroy();
      resolve(text.slice(0, text.indexOf('\r\n\r\n')));
    });
  });
}
