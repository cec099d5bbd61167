import type { WorkPhase } from './lease';

/** What is known of a phase's queue at one moment. */
export interface QueueFacts {
  /** Products before one that enters now: queued, waiting and with workers. */
  readonly ahead: number;
  /** Products that workers have in hand. */
  readonly inHand: number;
  /** How long the last completed ones took, on average; null where none has been completed. */
  readonly averageSeconds: number | null;
}

export type FactsOfQueue = (phase: WorkPhase) => Promise<QueueFacts>;

/** Answered while nothing is known of how long the work takes. */
export const UNKNOWN_SECONDS = 15;
const LONGEST_SECONDS = 86_400;

/** Seconds until a product that enters the queue now is done. Whole, at least 1. */
export function processingTime({ ahead, inHand, averageSeconds }: QueueFacts): number {
  if (averageSeconds === null) return UNKNOWN_SECONDS;
  const rounds = ahead / Math.max(1, inHand) + 1;
  return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(rounds * averageSeconds)));
}
