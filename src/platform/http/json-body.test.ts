import { expect, test } from 'bun:test';
import { isAppError } from '../../kernel/app-error';
import { DEFAULT_PACE } from './body-pace';
import { exchangeOf } from './exchange';
import { boundedText, jsonObject } from './json-body';

const PACE = { ...DEFAULT_PACE, graceMs: 100, stallMs: 100, checkEveryMs: 20 };

/** Sends the pieces and then nothing more, without ending. */
function stalled(pieces: readonly string[], headers: Record<string, string> = {}): Request {
  const waiting = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream<Uint8Array>({
    async pull(to) {
      const piece = waiting.shift();
      if (piece) to.enqueue(piece);
      else await Bun.sleep(60_000);
    },
  });
  return new Request('http://test.invalid', { method: 'POST', body, headers });
}

async function codeOf(text: Promise<unknown>): Promise<string> {
  return text.then(
    () => 'read',
    (error) => (isAppError(error) ? error.code : String(error)),
  );
}

test('a small body whose rest never comes is given up after the grace', async () => {
  const request = stalled(['{"a":'], { 'content-length': '100' });
  expect(await codeOf(boundedText(request, 1_000, PACE))).toBe('REQUEST_TIMEOUT');
  expect(exchangeOf(request).bodyRead).toBe(false);
});

test('a body without an announced length whose rest never comes is given up after the silence', async () => {
  expect(await codeOf(boundedText(stalled(['{"a":']), 1_000, PACE))).toBe('REQUEST_TIMEOUT');
});

test('a body that grows over the limit is refused while it comes', async () => {
  expect(await codeOf(boundedText(stalled(['x'.repeat(600), 'x'.repeat(600)]), 1_000, PACE))).toBe('REQUEST_TOO_LARGE');
});

test('a body is read to its end, whether its length was announced or not', async () => {
  const text = JSON.stringify({ word: 'ñandú 🚀' });
  const announced = new Request('http://test.invalid', { method: 'POST', body: text });
  const chunked = new Request('http://test.invalid', { method: 'POST', body: new Blob([text]).stream() });
  for (const request of [announced, chunked]) {
    expect(await jsonObject(request)).toEqual({ word: 'ñandú 🚀' });
    expect(exchangeOf(request).bodyRead).toBe(true);
  }
});

test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/merge-patch+json'])(
  '%s is JSON',
  async (type) => {
    const request = new Request('http://test.invalid', {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': type },
    });
    expect(await jsonObject(request)).toEqual({ a: 1 });
  },
);

test.each(['text/json', 'application/jsonp', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
  '%s is not, and is left unread',
  async (type) => {
    const request = new Request('http://test.invalid', {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': type },
    });
    expect(await codeOf(jsonObject(request))).toBe('MALFORMED_REQUEST');
    expect(request.bodyUsed).toBe(false);
  },
);
