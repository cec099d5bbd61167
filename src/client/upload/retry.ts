/** How patiently a failed request is tried again. */
export interface Retry {
  /** How often one file, or one call of the API, may fail in a row. */
  readonly attempts: number;
  /** The first pause, in milliseconds; each further one may be twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Milliseconds after which the connection that sends a file counts as lost, when no byte leaves and no answer comes. Not of calls. */
  readonly silenceMs: number;
}

/** About two minutes of trying before it is given up; a device that knows that it is offline waits without counting. */
export const DEFAULT_RETRY: Retry = { attempts: 15, firstMs: 300, maxMs: 15_000, silenceMs: 30_000 };

/** Between half and all of the time: clients that failed together do not come back together. @param failures from 1 */
export async function pause({ firstMs, maxMs }: Retry, failures: number, signal: AbortSignal, atLeastMs = 0) {
  const longest = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  await elapsed(Math.max(atLeastMs, longest * (0.5 + Math.random() / 2)), signal);
  await online(signal);
}

async function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await orAborted(signal, over).finally(() => clearTimeout(timer));
}

/** Browsers say when there is no network at all: until it is back nothing can be tried. Bun says nothing, and is taken for online. */
async function online(signal: AbortSignal): Promise<void> {
  if (globalThis.navigator?.onLine !== false) return;
  const heard = new AbortController();
  const back = new Promise<void>((resolve) => {
    globalThis.addEventListener('online', () => resolve(), { signal: heard.signal });
  });
  await orAborted(signal, back).finally(() => heard.abort());
}

/** Waits for the work no longer than until the signal; what the work itself makes of the signal does not matter. @throws its reason */
export async function orAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal });
    if (signal.aborted) reject(signal.reason);
  });
  return await Promise.race([work, aborted]).finally(() => settled.abort());
}
