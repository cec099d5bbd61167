import { expect, spyOn, test } from 'bun:test';
import type { WayToSend } from './put';
import { sendFile } from './send-file';
import { sha256Of } from './sha256';

const STORING_MS = 1_000;
const blob = new Blob(['bytes']);
const file = { index: 0, blob, imageId: 'image', sha256: await sha256Of(blob) };
const put = { url: 'https://store.example/key', headers: {} };

/** Whether the store is given time before it is asked, after the answer to a PUT was lost. */
async function waitsAfterLostAnswer(way: WayToSend): Promise<boolean> {
  const watch = { signal: new AbortController().signal, onSent: () => undefined };
  const retry = { attempts: 2, firstMs: 1, maxMs: 1, silenceMs: 5_000 };
  const timers = spyOn(globalThis, 'setTimeout');
  await sendFile({ retry, watch, way, freshPut: () => Promise.resolve(null) }, file, put);
  const waits = timers.mock.calls.some(([, ms]) => ms === STORING_MS);
  timers.mockRestore();
  return waits;
}

/** The line breaks when so many bytes have been told of. */
const lostAfter =
  (bytes: number): WayToSend['send'] =>
  (_put, _file, { onSent }) => {
    onSent(bytes);
    return Promise.reject(new Error('the line broke'));
  };

test('the store is given time to write what has left', async () => {
  expect(await waitsAfterLostAnswer({ send: lostAfter(file.blob.size), msPerByte: 0 })).toBe(true);
});

test('what has not left whole is not waited for', async () => {
  expect(await waitsAfterLostAnswer({ send: lostAfter(1), msPerByte: 0 })).toBe(false);
});

test('where no byte is told, all of them may have left', async () => {
  const send = () => Promise.reject(new Error('the line broke'));
  expect(await waitsAfterLostAnswer({ send, msPerByte: 0.06 })).toBe(true);
});
