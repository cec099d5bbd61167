import { afterAll, describe, expect, test } from 'bun:test';
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  isNonJsonSerializable,
  splitLink,
  TRPCClientError,
} from '@trpc/client';
import { type Doors, SELLER, SELLER_ID, startDoors, type ThingsRouter } from '../support/doors';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { rawPost } from '../support/raw-http';

const doors: Doors = startDoors();
afterAll(() => doors.stop());
const url = `${doors.url}/trpc`;

const client = createTRPCClient<ThingsRouter>({
  links: [
    splitLink({
      condition: (op) => isNonJsonSerializable(op.input),
      true: httpLink({ url, headers: SELLER }),
      false: httpBatchLink({ url, headers: SELLER }),
    }),
  ],
});

function rpc(name: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return doors.fetch(`/trpc/${name}`, {
    method: 'POST',
    body: text,
    headers: { ...SELLER, 'content-type': 'application/json', ...headers },
  });
}

async function refusedWith(response: Response) {
  const { error } = (await response.json()) as { error: { data: { code: string; httpStatus: number } } };
  return [response.status, error.data.code, error.data.httpStatus];
}

describe('the tRPC client', () => {
  test('calls queries and mutations in one batch', async () => {
    const calls = [client.things.list.query({ limit: 3 }), client.things.whoami.query()] as const;
    const [list, me] = await Promise.all(calls);
    expect(list).toEqual({ limit: 3, word: null });
    expect(me.ip).toBe('127.0.0.1');
    expect(await client.things.create.mutate({ name: 'lamp' })).toEqual({ id: SELLER_ID, name: 'lamp' });
  });

  test('streams a batch', async () => {
    const streaming = createTRPCClient<ThingsRouter>({ links: [httpBatchStreamLink({ url, headers: SELLER })] });
    const [one, two] = await Promise.all([
      streaming.things.list.query({ limit: 1 }),
      streaming.things.get.query({ id: SELLER_ID }),
    ]);
    expect([one.limit, two.id]).toEqual([1, SELLER_ID]);
  });

  test('uploads FormData, which reaches the procedure unread', async () => {
    const form = new FormData();
    form.set('prompt_text', 'a lamp');
    form.append('images', new File([new Uint8Array(80_000)], 'café.jpg', { type: 'image/jpeg' }));
    doors.lines.length = 0;
    expect(await client.things.upload.mutate(form)).toEqual({
      prompt_text: 'a lamp',
      files: [{ field: 'images', file_name: 'café.jpg', size_bytes: 80_000 }],
    });
    expect(doors.lines[0]).toMatchObject({ route: '/trpc/things.upload', status: 200 });
  });

  test("sees the code, the details and the request's id of an error", async () => {
    const error = await client.things.fail.mutate({ how: 'quota' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TRPCClientError);
    const seen = error as TRPCClientError<ThingsRouter>;
    expect(seen.data).toMatchObject({ code: 'QUOTA_EXCEEDED', httpStatus: 403, details: { used: 3 } });
    expect(seen.data?.request_id).toBeString();
    expect(seen.message).toBe('Too much.');
  });

  test('sees a refused upload as one of the procedure', async () => {
    const form = new FormData();
    form.set('nonsense', 'x');
    const error = await client.things.upload.mutate(form).catch((caught: unknown) => caught);
    expect((error as TRPCClientError<ThingsRouter>).data?.code).toBe('VALIDATION_FAILED');
  });
});

describe('an error over tRPC has the HTTP status of its code', () => {
  test.each([
    ['no such procedure', () => doors.fetch('/trpc/nothing.here'), 404, 'NOT_FOUND'],
    ['a mutation by GET', () => doors.fetch('/trpc/things.create', { headers: SELLER }), 404, 'NOT_FOUND'],
    ['no JSON', () => rpc('things.create', '{"name":'), 400, 'MALFORMED_REQUEST'],
    [
      'another content type',
      () => rpc('things.create', 'x', { 'content-type': 'text/plain' }),
      400,
      'MALFORMED_REQUEST',
    ],
    ['an invalid input', () => rpc('things.create', { name: '' }), 422, 'VALIDATION_FAILED'],
    ['an unknown field', () => rpc('things.create', { name: 'a', b: 1 }), 422, 'VALIDATION_FAILED'],
    ['a body over 1 MiB', () => rpc('things.create', { name: 'x'.repeat(1_100_000) }), 413, 'REQUEST_TOO_LARGE'],
    ['no token', () => rpc('things.create', { name: 'a' }, { authorization: '' }), 401, 'UNAUTHENTICATED'],
    ['an unforeseen failure', () => rpc('things.fail', { how: 'unknown' }), 500, 'INTERNAL'],
    ['a lost database', () => rpc('things.fail', { how: 'database' }), 503, 'DATABASE_UNAVAILABLE'],
    ['JSON where multipart is wanted', () => rpc('things.upload', { prompt_text: 'a' }), 422, 'VALIDATION_FAILED'],
    [
      'multipart where JSON is wanted',
      () => doors.fetch('/trpc/things.create', { method: 'POST', body: new FormData(), headers: SELLER }),
      422,
      'VALIDATION_FAILED',
    ],
    [
      'bytes where JSON is wanted',
      () => rpc('things.create', 'xyz', { 'content-type': 'application/octet-stream' }),
      422,
      'VALIDATION_FAILED',
    ],
    [
      '21 calls in a batch',
      () => doors.fetch(`/trpc/${'things.list,'.repeat(20)}things.list?batch=1`),
      400,
      'MALFORMED_REQUEST',
    ],
  ])('%s', async (_what, ask, status, code) => {
    expect(await refusedWith(await ask())).toEqual([status, code, status]);
  });

  test('and Retry-After where it asks to wait', async () => {
    const busy = await rpc('things.fail', { how: 'busy' });
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
  });

  test('and no stack, path or SQL', async () => {
    const text = await (await rpc('things.fail', { how: 'unknown' })).text();
    expect(text).not.toMatch(/select|secret_column|stack|\.ts/);
  });
});

test.each(['things.ticks', 'things%2Eticks'])(
  'a subscription (%s) is a stream of events, until the client leaves or the server stops',
  async (name) => {
    const stopping = startDoors();
    const headers = { accept: 'text/event-stream' };
    const response = await stopping.fetch(`/trpc/${name}`, { headers });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    setTimeout(() => stopping.inFlight.drain(), 100);
    expect(await response.text()).toContain('data: 1');
    await stopping.stop();
  },
);

test('20 calls in a batch are answered', async () => {
  const response = await doors.fetch(`/trpc/${'things.list,'.repeat(19)}things.list?batch=1`);
  expect(response.status).toBe(200);
  expect(await response.json()).toHaveLength(20);
});

test('calls of one batch that end differently each keep their own code', async () => {
  doors.lines.length = 0;
  const response = await rpc('things.fail,things.fail?batch=1', { 0: { how: 'quota' }, 1: { how: 'unknown' } });
  expect(response.status).toBe(207);
  const answers = (await response.json()) as { error: { data: { code: string } } }[];
  expect(answers.map((answer) => answer.error.data.code)).toEqual(['QUOTA_EXCEEDED', 'INTERNAL']);
  expect(doors.lines[0]).toMatchObject({ level: 'error', route: '/trpc/(batch)' });
});

test('headers that a procedure sets reach the client', async () => {
  expect((await rpc('things.create', { name: 'a' })).headers.get('location')).toBe(`/api/things/${SELLER_ID}`);
});

test('a path that is no procedure makes no metric of its own', async () => {
  await doors.fetch('/trpc/made.up.nowhere');
  const text = await doors.parts.metrics.render();
  expect(text).toContain('route="/trpc/(unknown)"');
  expect(text).not.toContain('nowhere');
});

test('a refused upload still being sent sees the answer, not a reset', async () => {
  const part = multipartBytes(productParts('p', [new Uint8Array(1_000)]));
  const length = 15_000_000;
  const answer = await rawPost(doors.port, {
    path: '/trpc/things.upload',
    headers: { 'content-type': multipartType(), 'content-length': String(length) },
    async send(write, socket) {
      await write(part);
      for (let sent = part.length; sent < length && !socket.destroyed; sent += 1_000_000) {
        await write(Buffer.alloc(Math.min(1_000_000, length - sent)));
      }
    },
  });
  expect(answer.status).toBe(401);
  expect(JSON.parse(answer.body).error.data.code).toBe('UNAUTHENTICATED');
});
