/**
 * Waits for work no longer than its signal allows, also for work that ignores the signal. Such work goes on by itself: what becomes of
 * it, a failure too, is heard by nobody.
 * @throws signal.reason; what the work throws
 */
export async function unlessAborted<Result>(signal: AbortSignal, working: Promise<Result>): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    // a race hears both, also the one that comes too late
    return await Promise.race([working, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
