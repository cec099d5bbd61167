import { afterAll, describe, expect, test } from 'bun:test';
import { type Doors, SELLER, SELLER_ID, startDoors } from '../support/doors';

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

  test('a path parameter that is no id, and one that is no percent-encoded UTF-8', async () => {
    for (const bad of ['x', '%00', 'a%2Fb']) {
      const seen = await json(`/api/things/${bad}`, { headers: SELLER });
      expect([bad, seen.status]).toEqual([bad, 422]);
    }
    expect((await json('/api/things/%E0%A4%A', { headers: SELLER })).status).toBe(400);
  });

  test('JSON is not read before the caller is known', async () => {
    const seen = await json('/api/things', post('{"name":', { authorization: 'Bearer wrong' }));
    expect(seen.status).toBe(401);
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
