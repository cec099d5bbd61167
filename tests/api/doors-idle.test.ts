import { afterAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { Elysia } from 'elysia';
import { AppError } from '../../src/kernel/app-error';
import { authenticatedPrincipal } from '../../src/kernel/authenticated-principal';
import { type Doors, SELLER, SELLER_ID, startDoors, UNLIMITED } from '../support/doors';
import { multipartBytes, multipartType } from '../support/multipart';
import { rawPost } from '../support/raw-http';

// Bun looks for idle connections every 4 seconds: with a limit of 8 they end after 4 to 8.
const IDLE_SECONDS = 8;
const SILENT_MS = 12_000;
const TEST_MS = 40_000;

const SELLER_PRINCIPAL = authenticatedPrincipal({ userId: SELLER_ID, role: 'seller' });

async function silent(code: 'DATABASE_UNAVAILABLE' | 'STORAGE_UNAVAILABLE' | 'OVERLOADED'): Promise<never> {
  await Bun.sleep(SILENT_MS);
  throw new AppError(code);
}

const doors: Doors = startDoors(
  {
    idleSeconds: IDLE_SECONDS,
    authenticate: (token) => (token === 'hangs' ? silent('DATABASE_UNAVAILABLE') : Promise.resolve(SELLER_PRINCIPAL)),
    admission: { ...UNLIMITED, admitBytes: () => silent('OVERLOADED') },
  },
  [new Elysia().all('/files/*', () => silent('STORAGE_UNAVAILABLE'))],
);
afterAll(() => doors.stop());

const HANGS = { authorization: 'Bearer hangs' };
const form = multipartBytes([{ name: 'images', fileName: 'a.jpg', content: new Uint8Array(1_000) }]);
const upload = { method: 'POST', headers: { ...SELLER, 'content-type': multipartType() }, body: form };

describe('a connection that moves nothing for longer than its limit', () => {
  test.concurrent.each<[string, string, RequestInit, number]>([
    ['a procedure', '/api/slow?ms=12000', {}, 200],
    ['a procedure by tRPC', `/trpc/things.slow?input=${encodeURIComponent('{"ms":12000}')}`, {}, 200],
    ['a database, before a body is read', '/api/things', { method: 'POST', headers: HANGS, body: '{"name":"a"}' }, 503],
    ['room for an upload', '/api/uploads', upload, 503],
    ['the store, at a door of its own', '/files/bucket/key', {}, 503],
  ])(
    'is kept while its request waits for %s',
    async (_what, path, init, status) => {
      expect((await doors.fetch(path, init)).status).toBe(status);
    },
    TEST_MS,
  );

  test.concurrent(
    'is kept while its client rests in the middle of a body, shorter than the pace allows',
    async () => {
      const roomy = startDoors({ idleSeconds: IDLE_SECONDS });
      const answer = await rawPost(roomy.port, {
        path: '/api/uploads',
        headers: { ...SELLER, 'content-type': multipartType(), 'content-length': String(form.length) },
        async send(write) {
          await write(form.subarray(0, 500));
          await Bun.sleep(9_000);
          await write(form.subarray(500));
        },
      });
      expect(answer.status).toBe(201);
      await roomy.stop();
    },
    TEST_MS,
  );

  test.concurrent(
    'is answered while its client does not send the body it has announced',
    async () => {
      const headers = { 'content-type': 'application/json', 'content-length': '100' };
      const answer = await rawPost(doors.port, {
        path: '/api/fail',
        headers,
        send: (write) => write(Buffer.from('{"how":')),
      });
      expect(JSON.parse(answer.body).error.code).toBe('REQUEST_TIMEOUT');
    },
    TEST_MS,
  );

  test.concurrent.each([
    ['has asked nothing', ''],
    ['has sent half of its headers', 'GET /healthz HTTP/1.1\r\nHost: test.invalid\r\n'],
    ['has its answer', 'GET /healthz HTTP/1.1\r\nHost: test.invalid\r\n\r\n'],
    ['had an answer that took long', 'GET /api/slow?ms=9000 HTTP/1.1\r\nHost: test.invalid\r\n\r\n'],
  ])(
    'is closed where its client %s',
    async (_what, text) => {
      const socket = connect(doors.port, '127.0.0.1');
      let answered = '';
      socket.on('data', (bytes) => {
        answered += bytes.toString('latin1');
      });
      socket.write(text);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(answered.startsWith('HTTP/1.1 200')).toBe(text.endsWith('\r\n\r\n'));
    },
    TEST_MS,
  );
});
