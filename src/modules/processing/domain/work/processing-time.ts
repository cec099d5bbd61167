import type { WorkPhase } from './lease';

/** What is known of a queue at one moment. */
export interface QueueFacts {
  /** Products before one that enters now: queued, waiting and in hand. */
  readonly ahead: number;
  /** Products that are being worked on. */
  readonly inHand: number;
  /** How long the last completed ones took, on average; null where none has been completed of late. */
  readonly averageSeconds: number | null;
}

export type FactsOfQueue = (phase: WorkPhase) => Promise<QueueFacts>;
/** Of the products whose photos are to be decoded. */
export type FactsOfPrepare = () => Promise<QueueFacts>;

/** Answered while nothing is known of how long the work takes. */
export const UNKNOWN_SECONDS = 15;
const LONGEST_SECONDS = 86_400;

/** Seconds until a product that enters the queue now is done. Whole, at least 1. */
export function processingTime(queue: QueueFacts): number {
  return whole(secondsOf(queue));
}

/** Seconds until a product that is uploaded now is processed: its photos are decoded before. Whole, at least 1. */
export function uploadTime(prepare: QueueFacts, processing: QueueFacts): number {
  const seconds = secondsOf(processing);
  return whole(seconds === null ? null : seconds + (secondsOf(prepare) ?? 0));
}

function secondsOf({ ahead, inHand, averageSeconds }: QueueFacts): number | null {
  return averageSeconds === null ? null : (ahead / Math.max(1, inHand) + 1) * averageSeconds;
}

function whole(seconds: number | null): number {
  return seconds === null ? UNKNOWN_SECONDS : Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(seconds)));
}
