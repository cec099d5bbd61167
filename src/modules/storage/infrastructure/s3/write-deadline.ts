/** What a write may take beyond the silence that is allowed: a store slower than this is out of order. */
const BYTES_PER_SECOND_MIN = 1 << 20;

/**
 * How long one write of so many bytes may take, by a put or within the store.
 * @param silenceMs how long the store may stay silent
 * @returns milliseconds
 */
export function writeDeadlineMs(silenceMs: number, sizeBytes: number): number {
  return silenceMs + (sizeBytes / BYTES_PER_SECOND_MIN) * 1000;
}
