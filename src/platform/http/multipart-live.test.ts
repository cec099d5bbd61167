import { afterAll, describe, expect, test } from 'bun:test';
import { multipartBytes, multipartType } from '../../../tests/support/multipart';
import { rawPost } from '../../../tests/support/raw-http';
import { isAppError } from '../../kernel/app-error';
import type { BodyPace } from './body-pace';
import { ClientDisconnected } from './client-disconnected';
import { multipartBody } from './multipart-body';

const PACE: Partial<BodyPace> = { graceMs: 300, stallMs: 400, deadlineMs: 900, checkEveryMs: 50 };
const LIMITS = { totalBytes: 100_000_000, fields: 4, fieldBytes: 1_000 };
const ended: unknown[] = [];

const server = Bun.serve({
  port: 0,
  // Bun looks for idle connections every few seconds, so a short limit can end one that has just begun
  idleTimeout: 20,
  maxRequestBodySize: 1_000_000_000,
  async fetch(request) {
    try {
      await multipartBody(request, LIMITS, { pace: PACE }).read(visitors[new URL(request.url).pathname]!);
      ended.push('read');
      return Response.json('read');
    } catch (error) {
      ended.push(error);
      const says = isAppError(error) ? `${error.code}: ${error.message}` : String(error);
      return Response.json(says, { status: 400 });
    }
  },
});
afterAll(() => server.stop(true));

const swallow = async ({ bytes }: { bytes: AsyncIterable<Uint8Array> }) => {
  for await (const _chunk of bytes);
};
const visitors: Record<string, Parameters<ReturnType<typeof multipartBody>['read']>[0]> = {
  '/': { field: () => undefined, file: swallow },
  '/wraps': {
    field: () => undefined,
    file: (part) =>
      swallow(part).catch((cause) => {
        throw new Error('wrapped', { cause });
      }),
  },
  '/refuses': { field: () => undefined, file: () => Promise.reject(new Error('not wanted')) },
  '/ignores': { field: () => undefined, file: async () => undefined },
  '/slow': { field: () => undefined, file: (part) => swallow(part).then(() => Bun.sleep(700)) },
};

const file = multipartBytes([{ name: 'images', fileName: 'a.jpg', content: new Uint8Array(60_000) }]);
const headers = { 'content-type': multipartType(), 'content-length': String(file.length) };

describe('a sender', () => {
  test('that trickles is told so after the grace, though bytes keep coming', async () => {
    const answer = await rawPost(server.port!, {
      headers,
      async send(write, socket) {
        for (let at = 0; at < file.length && !socket.destroyed && socket.bytesRead === 0; at += 20) {
          await write(file.subarray(at, at + 20));
          await Bun.sleep(20);
        }
      },
    });
    expect(answer.body).toBe('"REQUEST_TIMEOUT: The body came slower than 16384 bytes per second."');
  });

  test.each(['/', '/wraps'])('that falls silent is told so, whatever the visitor makes of it (%s)', async (path) => {
    const answer = await rawPost(server.port!, { path, headers, send: (write) => write(file.subarray(0, 50_000)) });
    expect(answer.body).toBe('"REQUEST_TIMEOUT: Nothing came for 0.4 seconds."');
  });

  test('that is quick enough for every rule meets the deadline', async () => {
    const endless = { ...headers, 'content-length': '90000000' };
    const answer = await rawPost(server.port!, {
      headers: endless,
      async send(write, socket) {
        await write(file.subarray(0, 50_000));
        while (socket.bytesRead === 0) {
          await write(new Uint8Array(20_000));
          await Bun.sleep(50);
        }
      },
    });
    expect(answer.body).toBe('"REQUEST_TIMEOUT: The request took more than 0.9 seconds."');
  });

  test('is not blamed for the time that we take', async () => {
    const answer = await rawPost(server.port!, { path: '/slow', headers, send: (write) => write(file) });
    expect(answer.body).toBe('"read"');
  });

  test.each(['/', '/wraps'])('that disconnects ends the reading with an error of its own (%s)', async (path) => {
    ended.length = 0;
    const gone = rawPost(server.port!, {
      path,
      headers,
      async send(write, socket) {
        await write(file.subarray(0, 30_000));
        await Bun.sleep(50);
        socket.destroy();
      },
    });
    expect(gone).rejects.toThrow('closed without an answer');
    for (let tries = 0; ended.length === 0 && tries < 50; tries++) await Bun.sleep(10);
    expect(ended[0]).toBeInstanceOf(ClientDisconnected);
    expect((ended[0] as Error).name).toBe('AbortError');
  });
});

describe('a visitor', () => {
  test('that refuses a file gets its own error out, with the rest unread', async () => {
    const answer = await rawPost(server.port!, {
      path: '/refuses',
      headers,
      send: (write) => write(file.subarray(0, 1_000)),
    });
    expect(answer.body).toBe('"Error: not wanted"');
  });

  test('that does not read a file lets it be skipped', async () => {
    const answer = await rawPost(server.port!, { path: '/ignores', headers, send: (write) => write(file) });
    expect(answer.body).toBe('"read"');
  });
});
