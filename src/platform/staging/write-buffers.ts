// Large enough that a thread-pool hop per write does not show (0.3 CPU seconds a gigabyte against 0.5 at 64 KiB), small
// enough for many uploads at once: each file being staged borrows two.
const BUFFER_BYTES = 128 * 1024;
const MOST_KEPT = 64;

const free: Uint8Array<ArrayBuffer>[] = [];

/** A buffer for one write, used again and again: left to the garbage collector, they would pile up between its rounds. */
export function borrowBuffer(): Uint8Array<ArrayBuffer> {
  return free.pop() ?? new Uint8Array(BUFFER_BYTES);
}

export function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  if (free.length < MOST_KEPT) free.push(buffer);
}
