/**
 * Collects garbage at every nth call. For a process of its own that works through much and holds little: left alone, the runtime lets
 * the garbage of some ten thousand rows lie before it collects (35 MB, `bun run bench audit`). Not for a server: each collection halts it.
 */
export function collectingGarbage(everyCalls: number): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls % everyCalls === 0) Bun.gc(true);
  };
}
