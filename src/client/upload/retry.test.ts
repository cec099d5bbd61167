import { afterEach, describe, expect, test } from 'bun:test';
import { DEFAULT_RETRY, pause } from './retry';

const never = new AbortController().signal;
const retry = { ...DEFAULT_RETRY, firstMs: 20, maxMs: 60 };

async function took(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

describe('a pause', () => {
  test('doubles with each failure, and ends at the longest', async () => {
    expect(await took(() => pause(retry, 1, never))).toBeGreaterThanOrEqual(9);
    expect(await took(() => pause(retry, 2, never))).toBeGreaterThanOrEqual(19);
    // not doubled thirty times, which is some months
    expect(await took(() => pause(retry, 30, never))).toBeGreaterThanOrEqual(29);
  });

  test('is as long as the server asked for', async () => {
    expect(await took(() => pause(retry, 1, never, 120))).toBeGreaterThanOrEqual(119);
  });

  test('ends at once when the upload is ended', async () => {
    const caller = new AbortController();
    setTimeout(() => caller.abort(new Error('enough')), 10);
    const work = pause({ ...retry, firstMs: 600_000, maxMs: 600_000 }, 1, caller.signal);
    await expect(work).rejects.toThrow('enough');
    await expect(pause(retry, 1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});

describe('a device without a network', () => {
  const setOnLine = (value: boolean | undefined) =>
    Object.defineProperty(globalThis.navigator, 'onLine', { value, configurable: true });
  afterEach(() => setOnLine(undefined));

  test('waits until it is back, however long that takes', async () => {
    setOnLine(false);
    let over = false;
    const work = pause(retry, 1, never).then(() => (over = true));
    await Bun.sleep(100);
    expect(over).toBe(false);
    setOnLine(true);
    globalThis.dispatchEvent(new Event('online'));
    await work;
    expect(over).toBe(true);
  });

  test('waits no longer than the upload', async () => {
    setOnLine(false);
    const caller = new AbortController();
    setTimeout(() => caller.abort(new Error('enough')), 60);
    await expect(pause(retry, 1, caller.signal)).rejects.toThrow('enough');
  });
});
