/** Waits. Ends early, without a word, when the signal is aborted; leaves no listener on it. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  const stopped = () => over.resolve();
  signal?.addEventListener('abort', stopped, { once: true });
  await over.promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', stopped);
}
