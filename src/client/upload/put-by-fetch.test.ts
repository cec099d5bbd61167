import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startTcpProxy, type TcpProxy } from '../../../tests/support/tcp-proxy';
import { sendPut, wayToSend } from './put';
import { putStreamed, putWhole } from './put-by-fetch';

let proxy: TcpProxy;
const seen: { headers: Headers; body: ArrayBuffer }[] = [];
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    seen.push({ headers: request.headers, body: await request.arrayBuffer() });
    return new Response('stored');
  },
});
beforeAll(async () => {
  proxy = await startTcpProxy(`http://127.0.0.1:${server.port}`);
});
afterAll(async () => {
  await proxy.stop();
  await server.stop(true);
});

const bytes = crypto.getRandomValues(new Uint8Array(1_000_000));
for (let at = 65_536; at < bytes.length; at += 65_536) bytes.copyWithin(at, 0, 65_536);
const put = () => ({ url: `${proxy.url}/key`, headers: { 'content-type': 'image/jpeg' } });
const heard: number[] = [];
const watch = { signal: new AbortController().signal, onSent: (sent: number) => void heard.push(sent) };

test('where there is none, a PUT is streamed with its length, and tells its bytes as the line takes them', async () => {
  await proxy.set({ kind: 'slow', bytesPerSecond: 2_000_000 });
  const start = performance.now();
  const times: number[] = [];
  const onSent = (sent: number) => {
    heard.push(sent);
    times.push(performance.now() - start);
  };
  expect(await sendPut(put(), new Blob([bytes]), { ...watch, onSent }, 5_000)).toBe(200);
  expect(heard.length).toBeGreaterThan(5);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  expect(heard.at(-1)).toBe(1_000_000);
  const [{ headers, body }] = seen as [(typeof seen)[number]];
  expect([headers.get('content-length'), headers.get('transfer-encoding')]).toEqual(['1000000', null]);
  expect(new Uint8Array(body)).toEqual(bytes);
});

test('a PUT of no byte is sent too', async () => {
  await proxy.set({ kind: 'pass' });
  expect(await sendPut(put(), new Blob([]), watch, 5_000)).toBe(200);
  expect(seen.at(-1)?.headers.get('content-length')).toBe('0');
});

test('a line that falls silent, breaks, or is not there is a failure, not a wait', async () => {
  for (const fault of [
    { kind: 'hang', afterBytes: 300_000 },
    { kind: 'cut', afterBytes: 300_000 },
    { kind: 'refuse' },
  ] as const) {
    await proxy.set(fault);
    await expect(sendPut(put(), new Blob([bytes]), watch, 300)).rejects.toThrow();
  }
  expect(seen).toHaveLength(2);
});

test('a file is streamed by Bun, and sent as it is where there is neither Bun nor XMLHttpRequest, as in a service worker', () => {
  expect(wayToSend().send).toBe(putStreamed);
  expect(wayToSend({}).send).toBe(putWhole);
});

test('a file that is sent as it is has its length, and may take as long as the slowest line does', async () => {
  const part = bytes.slice(0, 16_384); // a second of the slowest line
  await proxy.set({ kind: 'slow', bytesPerSecond: 65_536 });
  heard.length = 0;
  expect(await sendPut(put(), new Blob([part]), watch, 50, wayToSend({}))).toBe(200);
  expect(heard).toEqual([part.length]);
  const { headers, body } = seen.at(-1) as (typeof seen)[number];
  expect([headers.get('content-length'), headers.get('transfer-encoding')]).toEqual([String(part.length), null]);
  expect(headers.get('content-type')).toBe('image/jpeg');
  expect(new Uint8Array(body)).toEqual(part);
  await proxy.set({ kind: 'hang', afterBytes: 1000 });
  await expect(sendPut(put(), new Blob([part.slice(0, 4096)]), watch, 50, wayToSend({}))).rejects.toThrow(
    'nothing moved',
  );
});
