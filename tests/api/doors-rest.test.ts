import { afterAll, describe, expect, spyOn, test } from 'bun:test';
import { type Doors, MAX_TEST_UPLOAD, SELLER, SELLER_ID, startDoors, WORKER } from '../support/doors';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { rawPost } from '../support/raw-http';

const doors: Doors = startDoors();
afterAll(() => doors.stop());

async function json(path: string, init?: RequestInit): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await doors.fetch(path, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', body: text, headers: { ...SELLER, 'content-type': 'application/json', ...headers } };
}

const codeOf = (seen: { body: unknown }) => (seen.body as { error: { code: string } }).error.code;

describe('a procedure over REST', () => {
  test('answers its status, its headers and its output', async () => {
    const seen = await json('/api/things', post({ name: 'lamp' }));
    expect(seen.status).toBe(201);
    expect(seen.body).toEqual({ id: SELLER_ID, name: 'lamp' });
    expect(seen.headers.get('location')).toBe(`/api/things/${SELLER_ID}`);
    expect(seen.headers.get('content-type')).toBe('application/json');
  });

  test('takes path, query and body together', async () => {
    expect((await json('/api/things?limit=5&word=a%20b')).body).toEqual({ limit: 5, word: 'a b' });
    const renamed = await json(`/api/things/${SELLER_ID}`, { ...post({ name: 'n' }), method: 'PATCH' });
    expect(renamed.body).toEqual({ id: SELLER_ID, name: 'n' });
  });

  test('answers 204 without a body', async () => {
    const seen = await doors.fetch(`/api/things/${SELLER_ID}`, { method: 'DELETE', headers: SELLER });
    expect(seen.status).toBe(204);
    expect(await seen.text()).toBe('');
    expect(seen.headers.get('content-type')).toBeNull();
  });

  test.each(['/api/things/', `/api/things/${SELLER_ID}/`, '/healthz/', '/docs/', '/openapi.json'])(
    'answers %s with and without a slash at the end',
    async (path) => {
      expect((await doors.fetch(path, { headers: SELLER })).status).toBe(200);
      expect((await doors.fetch(path.replace(/\/$/, ''), { headers: SELLER })).status).toBe(200);
    },
  );

  test('answers HEAD as GET without the body', async () => {
    const head = await doors.fetch('/api/things', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String((await (await doors.fetch('/api/things')).text()).length));
    expect(await head.text()).toBe('');
  });

  test('takes an empty body for an empty object', async () => {
    expect(codeOf(await json('/api/things', { method: 'POST', headers: SELLER }))).toBe('VALIDATION_FAILED');
  });
});

describe('a body that REST refuses', () => {
  test.each([
    ['no JSON', post('{"name":'), 400, 'MALFORMED_REQUEST'],
    ['a list', post('[]'), 400, 'MALFORMED_REQUEST'],
    ['a number', post('3'), 400, 'MALFORMED_REQUEST'],
    ['null', post('null'), 400, 'MALFORMED_REQUEST'],
    ['brackets without end', post('['.repeat(900_000)), 400, 'MALFORMED_REQUEST'],
    ['another content type', post('name=a', { 'content-type': 'text/plain' }), 400, 'MALFORMED_REQUEST'],
    ['an unknown field', post({ name: 'a', more: 1 }), 422, 'VALIDATION_FAILED'],
    ['a field named __proto__', post('{"name":"a","__proto__":{"x":1}}'), 422, 'VALIDATION_FAILED'],
    ['over 1 MiB', post({ name: 'x'.repeat(1024 * 1024) }), 413, 'REQUEST_TOO_LARGE'],
  ])('%s', async (_what, init, status, code) => {
    const seen = await json('/api/things', init);
    expect([seen.status, codeOf(seen)]).toEqual([status, code]);
  });

  test('over 1 MiB without an announced length', async () => {
    const piece = new TextEncoder().encode(`{"name":"${'x'.repeat(100_000)}`);
    let left = 20;
    const body = new ReadableStream<Uint8Array>({
      pull: (to) => (left-- > 0 ? to.enqueue(piece) : to.close()),
    });
    const headers = { ...SELLER, 'content-type': 'application/json' };
    expect((await json('/api/things', { method: 'POST', headers, body })).status).toBe(413);
  });

  test('a path parameter given again in the body or the query', async () => {
    const twice = await json(`/api/things/${SELLER_ID}`, { ...post({ id: SELLER_ID, name: 'n' }), method: 'PATCH' });
    expect([twice.status, codeOf(twice)]).toEqual([422, 'VALIDATION_FAILED']);
    const inQuery = await json(`/api/things/${SELLER_ID}?id=${SELLER_ID}`, { headers: SELLER });
    expect([inQuery.status, codeOf(inQuery)]).toEqual([422, 'VALIDATION_FAILED']);
  });

  test('a query parameter given twice where one is wanted', async () => {
    expect((await json('/api/things?word=a&word=b')).status).toBe(422);
    expect((await json('/api/things?word=a&word=b&word=c')).status).toBe(422);
  });

  test('a number out of range, naming the field', async () => {
    const seen = await json('/api/things?limit=6');
    expect(seen.body).toMatchObject({ error: { code: 'VALIDATION_FAILED', details: { fields: [{ path: 'limit' }] } } });
  });

  test('a path parameter that is no id, percent-encoded nonsense included', async () => {
    for (const bad of ['x', '%00', '%E0%A4%A', 'a%2Fb']) {
      const seen = await json(`/api/things/${bad}`, { headers: SELLER });
      expect([bad, seen.status]).toEqual([bad, 422]);
    }
  });

  test('JSON is not read before the caller is known', async () => {
    const seen = await json('/api/things', post('{"name":', { authorization: 'Bearer wrong' }));
    expect(seen.status).toBe(401);
  });
});

describe('who calls', () => {
  test('a protected procedure without a valid token hears 401 and how to authenticate', async () => {
    for (const authorization of [undefined, 'Bearer nonsense', 'Basic abc', 'Bearer', 'Bearer a b', 'seller-token']) {
      const seen = await json('/api/whoami', authorization === undefined ? {} : { headers: { authorization } });
      expect([seen.status, codeOf(seen)]).toEqual([401, 'UNAUTHENTICATED']);
      expect(seen.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('a public procedure takes no notice of a bad token', async () => {
    expect((await json('/api/things', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(200);
  });

  test('the scheme may be written in any case', async () => {
    expect((await json('/api/whoami', { headers: { authorization: 'bearer seller-token' } })).status).toBe(200);
  });

  test('another role hears 403', async () => {
    const seen = await json(`/api/things/${SELLER_ID}`, { headers: WORKER });
    expect([seen.status, codeOf(seen)]).toEqual([403, 'FORBIDDEN']);
  });

  test('is seen by the address of the connection, whatever it says itself', async () => {
    const seen = await json('/api/whoami', { headers: { ...SELLER, 'x-forwarded-for': '9.9.9.9' } });
    expect(seen.body).toMatchObject({ ip: '127.0.0.1' });
  });

  test('is seen by what a trusted proxy has added last', async () => {
    const behind = startDoors({ trustedProxy: true });
    const ask = (headers: Record<string, string>) =>
      behind.fetch('/api/whoami', { headers: { ...SELLER, ...headers } }).then((response) => response.json());
    expect(await ask({ 'x-forwarded-for': '9.9.9.9, ::ffff:8.8.8.8' })).toMatchObject({ ip: '8.8.8.8' });
    expect(await ask({})).toMatchObject({ ip: '127.0.0.1' });
    await behind.stop();
  });

  test('hears 503 when tokens cannot be checked', async () => {
    const authenticate = async () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    };
    const down = startDoors({ authenticate });
    const seen = await down.fetch('/api/whoami', { headers: SELLER });
    expect(seen.status).toBe(503);
    const overTrpc = await down.fetch('/trpc/things.whoami', { headers: SELLER });
    expect([overTrpc.status, overTrpc.headers.get('retry-after')]).toEqual([503, '5']);
    await down.stop();
  });
});

describe('an error', () => {
  test('has one shape, with its code, its details and the request id', async () => {
    const seen = await json('/api/fail', post({ how: 'quota' }, { 'x-request-id': 'my-id.1' }));
    expect(seen.status).toBe(403);
    expect(seen.body).toEqual({
      error: { code: 'QUOTA_EXCEEDED', message: 'Too much.', details: { used: 3 }, request_id: 'my-id.1' },
    });
  });

  test('that asks to wait says how long', async () => {
    const busy = await json('/api/fail', post({ how: 'busy' }));
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
    const database = await json('/api/fail', post({ how: 'database' }));
    expect([database.status, codeOf(database)]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    expect(Number(database.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('that nobody foresaw tells nothing, and is in the log with its stack', async () => {
    doors.lines.length = 0;
    const seen = await json('/api/fail', post({ how: 'unknown' }));
    expect([seen.status, codeOf(seen)]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(seen.body)).not.toContain('select');
    const [line] = doors.lines;
    expect(line).toMatchObject({ level: 'error', status: 500, error_codes: ['INTERNAL'] });
    expect(line).toMatchObject({ err: { message: 'select secret_column from users', stack: expect.any(String) } });
    expect(line?.request_id).toBe((seen.body as { error: { request_id: string } }).error.request_id);
  });

  test.each([
    ['GET', '/nothing'],
    ['GET', '/'],
    ['GET', '/api'],
    ['DELETE', '/api/things'],
    ['PUT', '/healthz'],
    ['POST', '/nothing/at/all'],
    ['GET', '/docs/../package.json'],
    ['GET', '/docs/package.json'],
    ['GET', '/docs/__proto__'],
  ])('%s %s is 404 in the same shape', async (method, path) => {
    const seen = await json(path, { method });
    expect([seen.status, codeOf(seen)]).toEqual([404, 'NOT_FOUND']);
    expect(seen.headers.get('x-request-id')).toBe((seen.body as { error: { request_id: string } }).error.request_id);
  });
});

describe('a multipart body over REST', () => {
  const body = multipartBytes(productParts('a lamp', [Buffer.alloc(70_000, 1), Buffer.alloc(10, 2)]));
  const init = { method: 'POST', body, headers: { ...SELLER, 'content-type': multipartType() } };

  test('reaches the procedure unread and is counted', async () => {
    doors.lines.length = 0;
    const seen = await json('/api/uploads', init);
    expect(seen.status).toBe(201);
    expect(seen.body).toEqual({
      prompt_text: 'a lamp',
      files: [
        { field: 'images', file_name: 'photo-0.jpg', size_bytes: 70_000 },
        { field: 'images', file_name: 'photo-1.jpg', size_bytes: 10 },
      ],
    });
    expect(doors.lines[0]).toMatchObject({ route: '/api/uploads', status: 201, bytes_in: body.length });
    expect(await doors.parts.metrics.render()).toContain('ingest_bytes_total 70010');
  });

  test('comes with the parameters of its path', async () => {
    expect((await json(`/api/things/${SELLER_ID}/images`, init)).body).toMatchObject({ path_id: SELLER_ID });
  });

  test.each([
    ['JSON instead', post({ prompt_text: 'a' }), 400, 'MALFORMED_REQUEST'],
    [
      'no body at all',
      { method: 'POST', headers: { ...SELLER, 'content-type': multipartType() } },
      400,
      'MALFORMED_REQUEST',
    ],
    ['no token', { method: 'POST', body, headers: { 'content-type': multipartType() } }, 401, 'UNAUTHENTICATED'],
  ])('%s is refused', async (_what, request, status, code) => {
    const seen = await json('/api/uploads', request);
    expect([seen.status, codeOf(seen)]).toEqual([status, code]);
  });

  test.each([
    ['without a token', {}, 401],
    ['over the limit', SELLER, 413],
  ])('still being sent %s sees the answer, not a reset', async (_what, who, status) => {
    const length = MAX_TEST_UPLOAD + 1;
    const answer = await rawPost(doors.port, {
      path: '/api/uploads',
      headers: { ...who, 'content-type': multipartType(), 'content-length': String(length) },
      async send(write, socket) {
        for (let sent = 0; sent < length && !socket.destroyed; sent += 1_000_000) {
          await write(Buffer.alloc(Math.min(1_000_000, length - sent)));
        }
      },
    });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.request_id).toBeString();
  });

  test('puts off the idle timeout of its connection while it is read', async () => {
    const slow = startDoors({
      multipartBody(request, keepAlive) {
        keepAlive();
        return doors.parts.multipartBody(request, keepAlive);
      },
    });
    const timeout = spyOn(slow.app.server!, 'timeout');
    expect((await slow.fetch('/api/uploads', init)).status).toBe(201);
    expect(timeout).toHaveBeenCalledWith(expect.any(Request), 10);
    await slow.stop();
  });

  test('whose client leaves is logged as that, not as an error of ours', async () => {
    doors.lines.length = 0;
    const leaving = rawPost(doors.port, {
      path: '/api/uploads',
      headers: { ...SELLER, 'content-type': multipartType(), 'content-length': String(body.length) },
      async send(write, socket) {
        await write(body.subarray(0, 30_000));
        await Bun.sleep(50);
        socket.destroy();
      },
    });
    await leaving.catch(() => undefined);
    for (let tries = 0; doors.lines.length === 0 && tries < 100; tries += 1) await Bun.sleep(10);
    expect(doors.lines[0]).toMatchObject({ level: 'info', status: 499, route: '/api/uploads' });
  });
});
