/** What is kept of a seller's events. */
export interface KeptEvents {
  /** Number of the last one that was ever written; 0 where there was none. */
  readonly last: number;
  /** Number of the oldest that is still there; null where none is. */
  readonly first: number | null;
  /** Lower numbers were given before a restore, some of them to other events; 0 where nothing was restored. */
  readonly floor: number;
}

/** Where to go on, and whether the follower has to be told that something is missing. */
export interface Resumption {
  /** Events after this number are sent. */
  readonly after: number;
  readonly resync: boolean;
}

/** @param lastEventId the last number that the follower has seen */
export function resumeAfter(lastEventId: number, { first, last, floor }: KeptEvents): Resumption {
  // From before a restore: its numbers were given again to other events.
  if (lastEventId > last || lastEventId < floor) return { after: last, resync: true };
  const nextKept = first ?? last + 1;
  return nextKept > lastEventId + 1 ? { after: last, resync: true } : { after: lastEventId, resync: false };
}
