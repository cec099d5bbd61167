import { afterAll, describe, expect, test } from 'bun:test';
import { type Doors, MAX_TEST_UPLOAD, SELLER, SELLER_ID, startDoors } from '../support/doors';
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
