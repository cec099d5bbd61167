import type { WorkPhase } from '../../domain/work/lease';
import { type FactsOfQueue, processingTime, UNKNOWN_SECONDS } from '../../domain/work/processing-time';

interface Estimate {
  readonly madeAt: number;
  readonly seconds: Promise<number>;
}

/** How long an estimate is good for: of two thousand uploads in that time, one asks the database. */
const GOOD_FOR_MS = 2000;

/**
 * Seconds until a product that enters the phase now is done with, from the queue's length and what the last ones took.
 * Where the database does not answer, what is said when nothing is known: no upload is refused for an estimate.
 * @param now milliseconds of a clock that does not jump
 */
export function estimateTime(facts: FactsOfQueue, now = () => performance.now()) {
  const estimates = new Map<WorkPhase, Estimate>();
  return (phase: WorkPhase): Promise<number> => {
    const last = estimates.get(phase);
    if (last && now() - last.madeAt < GOOD_FOR_MS) return last.seconds;
    const seconds = facts(phase).then(processingTime, () => UNKNOWN_SECONDS);
    estimates.set(phase, { madeAt: now(), seconds });
    return seconds;
  };
}
