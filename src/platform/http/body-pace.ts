/** How slowly a client may send. Only the time spent waiting for the client counts, never the time we take ourselves. */
export interface BodyPace {
  /** Average over the waiting since the start; judged once `graceMs` of waiting have passed. */
  readonly minBytesPerSecond: number;
  readonly graceMs: number;
  /** The longest silence, in milliseconds. */
  readonly stallMs: number;
  /** From the first read to the last byte, in milliseconds, whoever is slow. */
  readonly deadlineMs: number;
  /** How often the pace is judged, in milliseconds. */
  readonly checkEveryMs: number;
}

export const DEFAULT_PACE: BodyPace = {
  minBytesPerSecond: 16 * 1024,
  graceMs: 10_000,
  stallMs: 10_000,
  deadlineMs: 15 * 60_000,
  checkEveryMs: 1_000,
};

export interface Progress {
  readonly receivedBytes: number;
  /** All waiting for the client so far, in milliseconds. */
  readonly waitedMs: number;
  /** The wait that is going on now; 0 when we are the ones who work. */
  readonly silentMs: number;
  readonly sinceStartMs: number;
}

/** Says in a sentence why the client is too slow, or null while it is not. */
export function tooSlow(pace: BodyPace, progress: Progress): string | null {
  if (progress.sinceStartMs > pace.deadlineMs) return `The request took more than ${seconds(pace.deadlineMs)}.`;
  if (progress.silentMs > pace.stallMs) return `Nothing came for ${seconds(pace.stallMs)}.`;
  if (progress.waitedMs <= pace.graceMs) return null;
  const rate = (progress.receivedBytes * 1000) / progress.waitedMs;
  return rate < pace.minBytesPerSecond ? `The body came slower than ${pace.minBytesPerSecond} bytes per second.` : null;
}

function seconds(ms: number): string {
  return `${ms / 1000} seconds`;
}
