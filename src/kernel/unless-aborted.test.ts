import { expect, test } from 'bun:test';
import { unlessAborted } from './unless-aborted';

test('work is waited for, well or not, where nobody aborts it', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve('done'))).toBe('done');
  await expect(unlessAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('work that ignores its signal is not waited for, and its late failure is no unhandled one', async () => {
  const stop = new AbortController();
  const working = Promise.withResolvers<string>();
  const waiting = unlessAborted(stop.signal, working.promise);
  stop.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  working.reject(new Error('too late'));
  await Bun.sleep(1);
});

test('a signal that was aborted before counts', async () => {
  const never = new Promise<never>(() => undefined);
  await expect(unlessAborted(AbortSignal.abort(new Error('gone')), never)).rejects.toThrow('gone');
});
