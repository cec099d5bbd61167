import {
  type FactsOfPrepare,
  type FactsOfQueue,
  processingTime,
  UNKNOWN_SECONDS,
  uploadTime,
} from '../../domain/work/processing-time';

interface Estimate {
  readonly madeAt: number;
  readonly seconds: Promise<number>;
}

/** Until a product that enters the phase now is done with; `upload`: until one that is uploaded now is processed. */
type Estimated = 'upload' | 'processing' | 'publishing';

/** How long an estimate is good for: of two thousand uploads in that time, one asks the database. */
const GOOD_FOR_MS = 2000;

/**
 * Seconds, from the queues' lengths and what the last ones took.
 * Where the database does not answer, what is said when nothing is known: no upload is refused for an estimate.
 * @param now milliseconds of a clock that does not jump
 */
export function estimateTime(facts: FactsOfQueue, ofPrepare: FactsOfPrepare, now = () => performance.now()) {
  const estimates = new Map<Estimated, Estimate>();
  const ask = async (of: Estimated) => {
    if (of !== 'upload') return processingTime(await facts(of));
    const [prepare, processing] = await Promise.all([ofPrepare(), facts('processing')]);
    return uploadTime(prepare, processing);
  };
  return (of: Estimated): Promise<number> => {
    const last = estimates.get(of);
    if (last && now() - last.madeAt < GOOD_FOR_MS) return last.seconds;
    const seconds = ask(of).catch(() => UNKNOWN_SECONDS);
    estimates.set(of, { madeAt: now(), seconds });
    return seconds;
  };
}
