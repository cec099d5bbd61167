import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { sendPut } from './put';

/** As much of a browser's as is used; tests/e2e/browser-upload.test.ts has the real one. */
class FakeXhr {
  static last: FakeXhr;
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  readonly sent: unknown[] = [];
  readonly headers: Record<string, string> = {};
  status = 0;
  aborted = false;
  onload?: () => void;
  onerror?: () => void;

  constructor() {
    FakeXhr.last = this;
  }
  open(method: string, url: string) {
    this.sent.push(method, url);
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  send(body: Blob) {
    this.sent.push(body);
  }
  abort() {
    this.aborted = true;
  }
}

const put = {
  url: 'https://store.example/key?signature',
  headers: { 'content-type': 'image/jpeg', 'if-none-match': '*' },
};
const file = new Blob(['12345']);
const heard: number[] = [];
const watch = (signal = new AbortController().signal) => ({
  signal,
  onSent: (bytes: number) => void heard.push(bytes),
});

beforeEach(() => {
  heard.length = 0;
  Object.assign(globalThis, { XMLHttpRequest: FakeXhr });
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, 'XMLHttpRequest');
});

describe('where there is XMLHttpRequest, a PUT', () => {
  test('is sent by it as it stands, and tells its bytes', async () => {
    const answer = sendPut(put, file, watch(), 1_000);
    const request = FakeXhr.last;
    request.upload.onprogress?.({ loaded: 2 });
    request.upload.onprogress?.({ loaded: 5 });
    request.status = 412;
    request.onload?.();
    expect(await answer).toBe(412);
    expect(request.sent).toEqual(['PUT', put.url, file]);
    expect(request.headers).toEqual(put.headers);
    expect(heard).toEqual([2, 5]);
  });

  test('without an answer names both causes that a page cannot tell apart', async () => {
    const answer = sendPut(put, file, watch(), 1_000);
    FakeXhr.last.onerror?.();
    await expect(answer).rejects.toThrow('no answer from the store, or its CORS rules');
  });

  test('ends with the upload, and is not begun after it', async () => {
    const caller = new AbortController();
    const answer = sendPut(put, file, watch(caller.signal), 1_000);
    const request = FakeXhr.last;
    caller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(request.aborted).toBe(true);
    await expect(sendPut(put, file, watch(caller.signal), 1_000)).rejects.toThrow('enough');
    expect(FakeXhr.last.sent).toHaveLength(2);
  });

  test('is given up when nothing moves, and not while something does', async () => {
    const answer = sendPut(put, file, watch(), 60);
    const request = FakeXhr.last;
    for (let sent = 1; sent <= 4; sent += 1) {
      await Bun.sleep(30);
      request.upload.onprogress?.({ loaded: sent });
    }
    expect(request.aborted).toBe(false);
    await expect(answer).rejects.toMatchObject({ name: 'ConnectionSilent' });
    expect(request.aborted).toBe(true);
  });
});
