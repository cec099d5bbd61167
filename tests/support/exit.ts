const last: Array<() => unknown> = [];

/** To be run when the whole test run ends, in a worker when the file does: `tests/support/preload.ts` calls them in its afterAll. */
export function atExit(stop: () => unknown): void {
  last.push(stop);
}

export async function runAtExit(): Promise<void> {
  await Promise.allSettled(last.splice(0).map((stop) => stop()));
}
