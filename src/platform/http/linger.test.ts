import { afterAll, describe, expect, test } from 'bun:test';
import { multipartBytes, multipartType } from '../../../tests/support/multipart';
import { rawPost } from '../../../tests/support/raw-http';
import { isAppError } from '../../kernel/app-error';
import { linger } from './linger';
import { multipartBody } from './multipart-body';

const limits = { totalBytes: 60_000_000, fields: 4, fieldBytes: 1_000 };
const refusal = { code: 'INVALID_IMAGE' };

/** Refuses the first file at its first bytes, or the whole for its length, while the client still sends. */
const server = Bun.serve({
  port: 0,
  maxRequestBodySize: 1_000_000_000,
  async fetch(request) {
    try {
      await multipartBody(request, limits).read({ field: () => undefined, file: () => Promise.reject(new Error()) });
      return Response.json('read');
    } catch (error) {
      const tooLarge = isAppError(error, 'REQUEST_TOO_LARGE');
      return linger(request, Response.json(refusal, { status: tooLarge ? 413 : 422 }), {
        maxMs: 600_000,
        quietMs: 300,
      });
    }
  },
});
afterAll(() => server.stop(true));
const url = `http://127.0.0.1:${server.port}/`;

const fifty = multipartBytes([{ name: 'images', fileName: 'a.jpg', content: new Uint8Array(50_000_000) }]);
const seventy = multipartBytes([{ name: 'images', fileName: 'a.jpg', content: new Uint8Array(70_000_000) }]);
const cases: [string, Buffer<ArrayBuffer>, number][] = [
  ['422 in the middle of 50 MB', fifty, 422],
  ['413 for 70 MB that nobody read', seventy, 413],
];

describe.each(cases)('a client that is still sending sees the %s', (_what, body, status) => {
  test('over a socket that reads only after it has sent everything', async () => {
    const headers = { 'content-type': multipartType(), 'content-length': String(body.length) };
    const answer = await rawPost(server.port!, {
      headers,
      async send(write, socket) {
        socket.pause();
        for (let at = 0; at < body.length; at += 1_000_000) await write(body.subarray(at, at + 1_000_000));
        socket.resume();
      },
    });
    expect(answer).toEqual({ status, body: JSON.stringify(refusal) });
  });

  test('with fetch', async () => {
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': multipartType() } });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(refusal);
  });

  test.skipIf(Bun.which('curl') === null)('with curl, with and without Expect', async () => {
    for (const expectHeader of ['Expect:', 'X-Nothing: 1']) {
      const curl = Bun.spawn(
        [
          'curl',
          '-sS',
          '-w',
          ' %{http_code}',
          '-H',
          expectHeader,
          '-H',
          `Content-Type: ${multipartType()}`,
          '--data-binary',
          '@-',
          url,
        ],
        { stdin: body, stdout: 'pipe', stderr: 'pipe' },
      );
      expect(await new Response(curl.stdout).text()).toBe(`${JSON.stringify(refusal)} ${status}`);
      expect(await curl.exited).toBe(0);
    }
  });

  test.skipIf(Bun.which('node') === null)("with Node's http", async () => {
    const node = Bun.spawn(['node', '-e', NODE_CLIENT, url, multipartType()], { stdin: body, stdout: 'pipe' });
    expect(await new Response(node.stdout).text()).toBe(`${status} ${JSON.stringify(refusal)}`);
  });
});

test('a client that has stopped sending gets the end of the answer after the silence: the whole linger would outlast this test', async () => {
  const headers = { 'content-type': multipartType(), 'content-length': String(fifty.length) };
  const answer = await rawPost(server.port!, { headers, send: (write) => write(fifty.subarray(0, 100_000)) });
  expect(answer.status).toBe(422);
});

test('the answer comes while the client sends, and its end once the client has sent everything', async () => {
  const headers = { 'content-type': multipartType(), 'content-length': String(fifty.length) };
  const seen: number[] = [];
  const answer = await rawPost(server.port!, {
    headers,
    async send(write, socket) {
      for (let at = 0; at < fifty.length; at += 10_000_000) {
        await write(fifty.subarray(at, at + 10_000_000));
        await Bun.sleep(50);
        seen.push(socket.bytesRead);
      }
    },
  });
  expect(answer).toEqual({ status: 422, body: JSON.stringify(refusal) });
  const untilTheLast = seen.slice(0, -1);
  expect(untilTheLast[0]).toBeGreaterThan(0);
  expect(new Set(untilTheLast).size).toBe(1);
  expect(seen.at(-1)).toBeGreaterThan(seen[0]!);
});

test('an answer goes out as it is when another reads the body', () => {
  const answer = Response.json(refusal);
  const request = new Request(url, { method: 'POST', body: 'x' });
  request.body?.getReader();
  expect(linger(request, answer)).toBe(answer);
});

test('an answer to a request without a body goes out as it is', () => {
  const answer = Response.json(refusal);
  expect(linger(new Request(url), answer)).toBe(answer);
});

const NODE_CLIENT = `
  const chunks = [];
  process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    const body = Buffer.concat(chunks);
    const [url, type] = process.argv.slice(-2);
    const headers = { 'content-type': type, 'content-length': body.length };
    const request = require('node:http').request(url, { method: 'POST', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => { text += chunk; });
      answer.on('end', () => { process.stdout.write(answer.statusCode + ' ' + text, () => process.exit(0)); });
    });
    request.on('error', (error) => process.stdout.write(String(error), () => process.exit(1)));
    request.end(body);
  });
`;
