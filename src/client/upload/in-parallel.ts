/**
 * Works on the items, so many at once. The first failure ends all of them.
 * @throws the first failure, when the others have ended
 */
export async function inParallel<Item>(
  concurrency: number,
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) {
      if (both.aborted) return;
      await work(item, both).catch((error) => failed.abort(error));
    }
  };
  const workers = Math.max(1, Math.min(concurrency || 1, items.length)); // NaN is no number to compare with
  await Promise.all(Array.from({ length: workers }, worker));
  both.throwIfAborted();
}
